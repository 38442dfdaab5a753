import type { Page } from '@playwright/test'
import { expect, test } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'
import { VmSheet } from './VmSheet.ts'

test.use({ viewport: { width: 1280, height: 800 }, isMobile: false, hasTouch: false })

/** Presses Tab until the focus is on what bears this name; every stop on the way must be seen. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    const focus = await page.evaluate(() => {
      const { activeElement } = document
      if (activeElement === null || activeElement === document.body) return null
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement)
      const name = activeElement.getAttribute('aria-label') ?? activeElement.textContent.trim()
      return { name, ring: outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth) }
    })
    if (focus === null) continue
    expect(focus.ring, `the focus is seen on ${focus.name}`).toBeGreaterThanOrEqual(2)
    if (name.test(focus.name)) return
  }
  throw new Error(`Tab never reached ${name}`)
}

test('Triage by keyboard alone', async ({ page, server }) => {
  const screen = await SessionScreen.open(page)
  await expect(screen.preset('Triage')).toBeVisible()
  await tabTo(page, /^Triage$/)
  await page.keyboard.press('Enter')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
})

test('a message by keyboard alone: Enter sends, Shift+Enter is a new line', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  await tabTo(page, /^Message$/)
  await page.keyboard.type('Is the disk full?')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('Or the memory?')
  await expect(screen.message).toHaveValue('Is the disk full?\nOr the memory?')
  await page.keyboard.press('Enter')
  await expect(screen.message).toHaveValue('')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
})

for (const key of ['Enter', ' '])
  test(`a cycle by keyboard alone, held with ${key === ' ' ? 'Space' : key}`, async ({ page, server }) => {
    const cycles = async () =>
      (await server.api('GET', '/api/vms/demo/operations')).json.filter(
        ({ verb }: { verb: string }) => verb === 'cycle',
      ).length
    const before = await cycles()
    await SessionScreen.open(page)
    await tabTo(page, /^VMs/)
    await page.keyboard.press('Enter')
    const sheet = new VmSheet(page)
    await expect(sheet.dialog).toBeVisible()
    await tabTo(page, /^Cycle/)
    await page.keyboard.press('Enter')
    await expect(sheet.question).toBeVisible()
    await tabTo(page, /^Hold to cycle Demo VM/)
    await page.keyboard.press(key)
    await expect(sheet.question).toBeVisible()
    await page.keyboard.down(key)
    await expect(sheet.outcome(/Cycle is running/)).toBeVisible()
    await page.keyboard.up(key)
    await expect(sheet.outcome(/Cycle done/)).toBeVisible()
    expect(await cycles()).toBe(before + 1)
    await page.keyboard.press('Escape')
    await expect(sheet.dialog).toBeHidden()
  })

test('the focus stays in the sheet when its question is answered', async ({ page }) => {
  await SessionScreen.open(page)
  await tabTo(page, /^VMs/)
  await page.keyboard.press('Enter')
  const sheet = new VmSheet(page)
  const focused = sheet.dialog.locator(':focus')
  await tabTo(page, /^Reset/)
  await page.keyboard.press('Enter')
  await expect(sheet.question.locator(':focus')).toHaveCount(1)
  await tabTo(page, /^Not now/)
  await page.keyboard.press('Enter')
  await expect(sheet.question).toBeHidden()
  await expect(focused).toHaveCount(1)
  await tabTo(page, /^Reset/)
  await page.keyboard.press('Enter')
  await tabTo(page, /^Hold to reset/)
  await page.keyboard.down('Enter')
  await expect(sheet.question).toBeHidden()
  await page.keyboard.up('Enter')
  await expect(focused).toHaveCount(1)
})
