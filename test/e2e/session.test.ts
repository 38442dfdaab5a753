import { expect, test } from './breakglassTest.ts'
import { logOf, SessionScreen, stateOf } from './SessionScreen.ts'

test('Stop ends a running turn with a word, and nothing is left open', async ({ page, server }) => {
  const screen = await SessionScreen.open(page)
  await server.hold()
  await screen.preset('Triage').tap()
  await screen.stop.tap()
  await expect(screen.turnEnd).toHaveText(/^Stopped after/)
  await expect(screen.send).toBeVisible()
  await expect(screen.toolChips.filter({ hasText: 'running' })).toHaveCount(0)
  await screen.expectWholeLog(server)
  expect(await stateOf(server, screen.id)).toBe('idle')
})

test('a preset that cannot run now says why when it is tapped, and starts nothing', async ({
  page,
  server,
}) => {
  const screen = await SessionScreen.open(page)
  await server.hold()
  await screen.preset('Triage').tap()
  await expect(screen.stop).toBeVisible()
  // It is inert for Playwright too, and there for a thumb.
  await screen.preset('Disk').tap({ force: true })
  await expect(page.getByText('One turn at a time')).toBeVisible()
  await server.release()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  expect((await logOf(server, screen.id)).filter(({ kind }) => kind === 'user')).toHaveLength(1)
})

test('words of one’s own are answered without a model', async ({ page, server }) => {
  const screen = await SessionScreen.open(page)
  await screen.message.fill('Is the disk full?')
  await screen.send.tap()
  await expect(screen.message).toHaveValue('')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(screen.transcript).toContainText('Is the disk full?')
  await expect(screen.transcript).toContainText('No model is configured')
  await screen.expectWholeLog(server)
})

test('what is written stays text, and loads nothing', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  const hostile = '<img src=//elsewhere.example/x onerror="alert(1)"> ![x](https://elsewhere.example/y)'
  await screen.message.fill(hostile)
  await screen.send.tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(screen.transcript).toContainText(hostile)
  await expect(screen.transcript.getByRole('img')).toHaveCount(0)
})

test('the console tells how the line is, and nothing of what is said', async ({ page }) => {
  const lines: string[] = []
  page.on('console', (message) => lines.push(message.text()))
  const screen = await SessionScreen.open(page)
  await screen.message.fill('Is the disk of the ocelot full?')
  await screen.send.tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  expect(lines).toContain('breakglass: connection online')
  expect(lines.join()).toContain('breakglass: attached')
  expect(lines.join()).not.toContain('ocelot')
})

test('a transcript that is left while it scrolls leaves no error behind', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  await screen.preset('Triage').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const scroller = await page.getByRole('region', { name: 'Transcript' }).elementHandle()
  await page.getByRole('link', { name: 'More' }).tap()
  await expect(page.getByRole('heading', { name: 'Appearance' })).toBeVisible()
  // A browser tells of a scroll with the next frame, when the transcript may be gone.
  expect(await scroller?.evaluate((gone) => gone.isConnected)).toBe(false)
  await scroller?.evaluate((gone) => gone.dispatchEvent(new Event('scroll')))
})

test('a tool chip unfolds to what the command printed', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.unfold()
  await screen.toolChips.filter({ hasText: 'df -P' }).first().tap()
  await expect(screen.transcript.getByLabel('Output').filter({ visible: true }).first()).toContainText('/')
})

test('a draft survives a reload, and another session has its own', async ({ page }) => {
  const screen = await SessionScreen.open(page)
  await screen.message.fill('It began at two, when')
  await page.reload()
  await expect(screen.message).toHaveValue('It began at two, when')
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const first = screen.id
  await page.getByRole('button', { name: 'New session' }).tap()
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  await expect(screen.message).toHaveValue('')
  expect(screen.id).not.toBe(first)
  await page.goBack()
  await expect(screen.message).toHaveValue('It began at two, when')
})

test('opening the app attaches the session that was open last', async ({ page, context }) => {
  const screen = await SessionScreen.open(page)
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const again = await SessionScreen.open(await context.newPage())
  expect(again.id).toBe(screen.id)
  await expect(again.turnEnd).toHaveText(/^Ended in/)
})

test('a session that is not there any more gives way to a new one that keeps the draft', async ({
  page,
  server,
}) => {
  const gone = 'gone-long-ago'
  await SessionScreen.open(page)
  await page.evaluate((id) => localStorage.setItem(`breakglass.draft.${id}`, 'half a sentence'), gone)
  const screen = await SessionScreen.open(page, `/session/${gone}`)
  await expect(page.getByText('not on the server any more')).toBeVisible()
  expect(screen.id).not.toBe(gone)
  expect(await stateOf(server, screen.id)).toBe('idle')
  await expect(screen.message).toHaveValue('half a sentence')
  await page.getByRole('button', { name: 'Understood' }).tap()
  await expect(page.getByText('not on the server any more')).toBeHidden()
})

test('storage that throws changes nothing but what is remembered', async ({ page, server }) => {
  await page.addInitScript(() => {
    const refuse = (): never => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
    Object.defineProperty(window, 'localStorage', { get: refuse })
    Object.defineProperty(window, 'sessionStorage', { get: refuse })
  })
  const screen = await SessionScreen.open(page)
  await screen.message.fill('Is the disk full?')
  await screen.send.tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
  await page.getByRole('link', { name: 'More' }).tap()
  await page.getByRole('button', { name: 'Light' }).tap()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
})

test('a time is told in the viewer’s zone, and in UTC on tap', async ({ newDevice }) => {
  const device = await newDevice({ timezoneId: 'Asia/Kathmandu' })
  const screen = await SessionScreen.open(await device.newPage())
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const time = screen.turnEnd.getByRole('button')
  const local = await time.innerText()
  await time.tap()
  await expect(time).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
  const minutes = (text: string) => text.replace(/.*\d\d?:(\d\d):\d\d.*/, '$1')
  expect((Number(minutes(await time.innerText())) + 45) % 60).toBe(Number(minutes(local)))
})
