import type { Page, Request } from '@playwright/test'
import { until } from '../fakes/breakglass.ts'
import { expect, test, type Server } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'

// Requests that a worker makes cannot be watched here.
test.use({ serviceWorkers: 'block' })

const row = (page: Page, title: string) =>
  page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').filter({ hasText: title })

/** The streams that a page has open. */
function openStreams(page: Page): Set<Request> {
  const open = new Set<Request>()
  const closed = (request: Request): void => void open.delete(request)
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.endsWith('/stream')) open.add(request)
  })
  page.on('requestfinished', closed)
  page.on('requestfailed', closed)
  return open
}

async function begin(server: Server, prompt: string): Promise<string> {
  const { session_id } = (await server.api('POST', '/api/session', {})).json
  await server.api('POST', `/api/session/${session_id}/prompt`, { prompt })
  return session_id
}

/** What a browser tells a page when another tab is chosen, and when it is back. */
const show = (page: Page, state: 'hidden' | 'visible') =>
  page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { value: now, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)

test('the list of sessions follows other devices: begun, running, ended, archived', async ({
  page,
  server,
  newDevice,
}) => {
  await page.goto('/sessions')
  await expect(page.getByRole('status', { name: 'Connection: connected' })).toBeVisible()
  await server.hold()
  const other = await SessionScreen.open(await (await newDevice()).newPage())
  await other.preset('Triage').tap()
  const seen = row(page, 'Triage').first()
  await expect(seen).toContainText('running')
  await server.release()
  await expect(seen).toContainText('idle')

  await other.page.goto('/sessions')
  const id = await begin(server, 'Disk of the quokka')
  for (const each of [page, other.page]) await expect(row(each, 'quokka')).toContainText('idle')
  await server.api('DELETE', `/api/session/${id}`)
  for (const each of [page, other.page]) await expect(row(each, 'quokka')).toHaveCount(0)
})

test('beside an open session, the list follows too', async ({ page, server }) => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await SessionScreen.open(page)
  await begin(server, 'Disk of the tapir')
  await expect(row(page, 'tapir')).toContainText('idle')
})

test('what happened while the line was down is there when it is up again', async ({ page, server }) => {
  await page.goto('/sessions')
  const id = await begin(server, 'Disk of the gecko')
  await expect(row(page, 'gecko')).toContainText('idle')
  await server.restart()
  await server.api('DELETE', `/api/session/${id}`)
  await begin(server, 'Disk of the newt')
  await expect(row(page, 'newt')).toContainText('idle')
  await expect(row(page, 'gecko')).toHaveCount(0)
})

test('a tab has at most two streams, and one where no session is open', async ({ page }) => {
  const open = openStreams(page)
  await SessionScreen.open(page)
  await until('session and board are followed', () => open.size === 2)
  await page.getByRole('link', { name: 'More' }).tap()
  await until('the board alone is followed', () => open.size === 1)
  await page.getByRole('link', { name: /^Sessions/ }).tap()
  await expect(page.getByRole('list', { name: 'Sessions' })).toBeVisible()
  expect([...open].map((request) => new URL(request.url()).pathname)).toEqual(['/api/board/stream'])
})

test('a tab that nobody sees leaves the board, and has caught up when it is seen again', async ({
  page,
  server,
}) => {
  await page.clock.install()
  const open = openStreams(page)
  await page.goto('/sessions')
  await until('the board is followed', () => open.size === 1)
  await show(page, 'hidden')
  await page.clock.runFor(31_000)
  await until('the board is left', () => open.size === 0)
  await begin(server, 'Disk of the lemur')
  await expect(row(page, 'lemur')).toHaveCount(0)
  await show(page, 'visible')
  await expect(row(page, 'lemur')).toContainText('idle')
  await until('the board is followed again', () => open.size === 1)
})

test('without a model there is nothing to choose, and it is said what words do', async ({ page }) => {
  await SessionScreen.open(page)
  await expect(page.getByText('No model: your words are matched to a preset.')).toBeVisible()
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveCount(0)
  await page.getByRole('link', { name: 'More' }).tap()
  await expect(page.getByText('No model is configured: diagnoses run as they are')).toBeVisible()
})
