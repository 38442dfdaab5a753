import { expect, test } from './breakglassTest.ts'
import { contrast } from './contrast.ts'
import { faintTexts, sideways, smallFields, smallTargets } from './look.ts'
import { throughScreens } from './screens.ts'
import { SessionScreen } from './SessionScreen.ts'
import { VmSheet } from './VmSheet.ts'

test('contrast is computed as WCAG does', () => {
  expect(contrast([0, 0, 0, 255], [255, 255, 255, 255])).toBeCloseTo(21)
  expect(contrast([118, 118, 118, 255], [255, 255, 255, 255])).toBeCloseTo(4.54, 2)
})

for (const colorScheme of ['dark', 'light'] as const) {
  test(`every text on every screen stands out, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme })
    await throughScreens(page, async (name) => {
      expect.soft(await faintTexts(page), name).toEqual([])
    })
  })
}

test('every target takes a thumb, no field makes iOS zoom, nothing runs over at 360 px', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 })
  await throughScreens(page, async (name) => {
    expect.soft(await smallTargets(page), name).toEqual([])
    expect.soft(await smallFields(page), name).toEqual([])
    expect.soft(await sideways(page), name).toEqual([])
  })
})

test('nothing moves where motion is not wanted', async ({ page, server }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const moving = () =>
    page.evaluate(() =>
      document
        .getAnimations()
        .filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 0)
        .map((animation) => (animation as CSSAnimation).animationName),
    )
  const screen = await SessionScreen.open(page)
  await server.hold()
  await screen.preset('Triage').tap()
  await expect(screen.turnEnd).toContainText('Running')
  expect(await moving()).toEqual([])
  await VmSheet.open(page)
  expect(await moving()).toEqual([])
  await server.kill('SIGKILL')
  await expect(screen.lamp(/reconnecting|offline/)).toBeAttached()
  expect(await moving()).toEqual([])
  await server.restart()
})
