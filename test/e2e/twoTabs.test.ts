import { expect, test } from './breakglassTest.ts'
import { logOf, SessionScreen } from './SessionScreen.ts'

// A request that a worker makes cannot be held back here.
test.use({ serviceWorkers: 'block' })

test('two tabs send at once: one turn, and the loser keeps its draft and is told why', async ({
  page,
  server,
  newDevice,
}) => {
  const first = await SessionScreen.open(page)
  const second = await SessionScreen.open(await (await newDevice()).newPage(), `/session/${first.id}`)
  const tabs = [first, second]
  const bothSent = Promise.withResolvers<void>()
  let sent = 0
  for (const [number, tab] of tabs.entries()) {
    await tab.page.route('**/prompt', async (route) => {
      if (++sent === tabs.length) bothSent.resolve()
      await bothSent.promise
      await route.continue()
    })
    await tab.message.fill(`Is the disk full? Asked by tab ${number}.`)
  }
  await Promise.all(tabs.map((tab) => tab.send.tap()))

  for (const tab of tabs) {
    await expect(tab.turnEnd).toHaveText(/^Ended in/)
    await tab.expectWholeLog(server)
  }
  const prompts = (await logOf(server, first.id)).filter(({ kind }) => kind === 'user')
  expect(prompts).toHaveLength(1)
  const lost = prompts[0]?.text?.includes('tab 0') === true ? second : first
  const won = lost === first ? second : first
  await expect(won.message).toHaveValue('')
  await expect(lost.message).toHaveValue(/Is the disk full/)
  await expect(lost.page.getByText('Not sent: a turn is running already')).toBeVisible()
  await expect(won.page.getByText('Not sent')).toBeHidden()

  await lost.send.tap()
  await expect(won.turnEnd.nth(1)).toHaveText(/^Ended in/)
  await expect(lost.message).toHaveValue('')
})

test('what one device begins, another sees running and can stop', async ({ page, server, newDevice }) => {
  const first = await SessionScreen.open(page)
  const second = await SessionScreen.open(await (await newDevice()).newPage(), `/session/${first.id}`)
  await server.hold()
  await first.preset('Triage').tap()
  await expect(second.turnEnd).toContainText('Running')
  await second.stop.tap()
  for (const tab of [first, second]) {
    await expect(tab.turnEnd).toHaveText(/^Stopped after/)
    await tab.expectWholeLog(server)
  }
})
