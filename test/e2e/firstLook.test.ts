import { execFileSync } from 'node:child_process'
import { expect, test } from './breakglassTest.ts'
import { logOf, SessionScreen } from './SessionScreen.ts'

test('one tap on Triage tells what is the matter with this very machine', async ({
  page,
  server,
  newDevice,
}) => {
  const screen = await SessionScreen.open(page)
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  await screen.preset('Triage').tap()

  await expect(screen.toolChips.first()).toBeVisible()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
  const root = screen.findings.filter({ hasText: /(^|\s)\/(\s|$)/ }).filter({ hasText: '%' })
  await expect(root.first()).toBeVisible()
  const shown = (await root.locator('.value').allInnerTexts()).map((value) => Number.parseInt(value))
  const printed = Number(/(\d+)%/.exec(execFileSync('df', ['-P', '/'], { encoding: 'utf8' }))?.[1])
  expect(shown.some((percent) => Math.abs(percent - printed) <= 1)).toBe(true)

  const other = await SessionScreen.open(await (await newDevice()).newPage(), `/session/${screen.id}`)
  await expect(other.turnEnd).toHaveText(/^Ended in/)
  await other.unfold()
  const told = await screen.transcript.innerText()
  const result = (await logOf(server, screen.id)).find(({ kind }) => kind === 'result')?.result as string
  for (const paragraph of result.split('\n\n')) expect(told).toContain(paragraph)
  expect(await other.transcript.innerText()).toBe(told)
})

for (const [width, height] of [
  [390, 844],
  [360, 640],
] as const) {
  test(`the composer is wholly on screen at ${width}×${height}, presets and all`, async ({ page }) => {
    await page.setViewportSize({ width, height })
    const screen = await SessionScreen.open(page)
    const expectOnScreen = async () => {
      for (const part of [screen.preset('Triage'), screen.message, screen.send])
        await expect(part).toBeInViewport({ ratio: 1 })
    }
    await expectOnScreen()
    await screen.preset('Triage').tap()
    await expect(screen.turnEnd).toHaveText(/^Ended in/)
    await expectOnScreen()
    await screen.message.fill('one\ntwo\nthree\nfour\nfive\nsix\nseven')
    await expectOnScreen()
  })
}

test('the composer stays above a keyboard that covers half of the screen', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  await screen.message.focus()
  await page.setViewportSize({ width: 390, height: 420 })
  for (const part of [screen.preset('Triage'), screen.message, screen.send])
    await expect(part).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('button', { name: 'Open VMs' })).toBeInViewport({ ratio: 1 })
})
