import type { Page } from '@playwright/test'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { answerCuttingProxy } from '../fakes/answerCuttingProxy.ts'
import { until } from '../fakes/breakglass.ts'
import { expect, test, type Server } from './breakglassTest.ts'
import { SessionScreen, stateOf } from './SessionScreen.ts'

/** A turn of Triage that goes on until the server's commands are released. */
async function beginTurn(page: Page, server: Server): Promise<SessionScreen> {
  const screen = await SessionScreen.open(page)
  await server.hold()
  await screen.preset('Triage').tap()
  await expect(screen.toolChips.first()).toBeVisible()
  await expect(screen.stop).toBeVisible()
  return screen
}

const idle = (server: Server, id: string) =>
  until('the turn ends', async () => (await stateOf(server, id)) === 'idle')

test('a turn goes on while the page is closed; opened again, it is all there, once', async ({
  page,
  context,
  server,
}) => {
  const { id } = await beginTurn(page, server)
  await page.close()
  await server.release()
  await idle(server, id)

  const screen = await SessionScreen.open(await context.newPage())
  expect(screen.id).toBe(id)
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
})

test('a page that dies in mid-turn is opened again in the same turn', async ({ page, context, server }) => {
  const { id } = await beginTurn(page, server)
  const died = page.waitForEvent('crash')
  await Promise.all([died, page.goto('chrome://crash').catch(() => undefined)])

  const screen = await SessionScreen.open(await context.newPage())
  expect(screen.id).toBe(id)
  await expect(screen.turnEnd).toContainText('Running,')
  await server.release()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
})

test('the server is killed in mid-turn: the open page attaches again and the turn ends with a word', async ({
  page,
  server,
}) => {
  const screen = await beginTurn(page, server)
  await server.kill('SIGKILL')
  await expect(screen.lamp(/reconnecting|offline/)).toBeVisible()
  await expect(screen.turnEnd).not.toContainText('Running,')
  await server.release()
  await server.restart()

  await expect(screen.lamp(/attached/)).toBeVisible()
  await expect(screen.turnEnd).toHaveText(/^(Ended|Interrupted)/)
  await expect(screen.send).toBeVisible()
  await screen.expectWholeLog(server)
  expect(await stateOf(server, screen.id)).toBe('idle')
})

test('a server killed while no page is open has closed or finished the turn when one opens', async ({
  page,
  context,
  server,
}) => {
  const { id } = await beginTurn(page, server)
  await page.close()
  await server.kill('SIGKILL')
  await server.release()
  await server.restart()

  const screen = await SessionScreen.open(await context.newPage())
  expect(screen.id).toBe(id)
  await expect(screen.turnEnd).toHaveText(/^(Ended|Interrupted)/)
  await screen.expectWholeLog(server)
})

test('a server that lost its data: the open page gets a new session and keeps its draft', async ({
  page,
  server,
}) => {
  const screen = await SessionScreen.open(page)
  const { id } = screen
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.message.fill('It began at two, when')
  await server.kill('SIGKILL')
  for (const file of await readdir(server.dataDir))
    await rm(join(server.dataDir, file), { recursive: true, maxRetries: 10, retryDelay: 200 })
  await server.restart()

  await expect(page.getByText('not on the server any more')).toBeVisible({ timeout: 30_000 })
  await expect(screen.lamp(/attached/)).toBeVisible()
  expect(screen.id).not.toBe(id)
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  await expect(screen.message).toHaveValue('It began at two, when')
})

test('without a network the lamp says so; with it again the page catches up, nothing twice', async ({
  server,
  newDevice,
}) => {
  const line = await answerCuttingProxy(Number(new URL(server.url).port))
  const device = await newDevice({ baseURL: `http://127.0.0.1:${line.port}` })
  const screen = await beginTurn(await device.newPage(), server)
  const banner = screen.page.getByRole('heading', { name: 'No connection' })
  await device.setOffline(true)
  line.down()
  await expect(screen.lamp(/offline/)).toBeVisible()
  await expect(banner).toBeVisible()
  await server.release()
  await idle(server, screen.id)
  await expect(screen.turnEnd).not.toHaveText(/^Ended/)

  line.up()
  await device.setOffline(false)
  await expect(screen.lamp(/attached/)).toBeVisible()
  await expect(banner).toBeHidden()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.expectWholeLog(server)
  await device.close()
  await line.stop()
})
