import type { Page, Response } from '@playwright/test'
import { gzipSync } from 'node:zlib'
import { expect, test, type Server } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'
import { VmSheet } from './VmSheet.ts'

/** Every screen and sheet once, and one turn. */
async function walk(page: Page): Promise<void> {
  const screen = await SessionScreen.open(page)
  await screen.preset('Triage').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.unfold()
  await screen.toolChips.first().tap()
  const sheet = await VmSheet.open(page)
  await sheet.verb('Status').tap()
  await expect(sheet.outcome(/Status done/)).toBeVisible()
  await sheet.verb('Reset').tap()
  await sheet.question.getByRole('button', { name: 'Not now' }).tap()
  await sheet.dialog.getByRole('button', { name: 'Close' }).tap()
  for (const name of ['Sessions', 'More', 'Session']) {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).tap()
    await expect(page.getByRole('status', { name: /^Connection: (attached|connected)/ })).toBeVisible()
  }
}

const bytes = async (answers: Response[]): Promise<number> => {
  const bodies = await Promise.all(answers.map((answer) => answer.body()))
  return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0)
}

test('a whole walk breaks no rule of the policy and asks nobody else', async ({ page, server }) => {
  const violations: string[] = []
  await page.exposeFunction('report', (what: string) => violations.push(what))
  await page.addInitScript(() => {
    // Given to the page just above.
    const { report } = window as unknown as { report: (what: string) => void }
    addEventListener('securitypolicyviolation', (event) =>
      report(`${event.violatedDirective} ${event.blockedURI}`),
    )
  })
  const answers: Response[] = []
  page.on('response', (answer) => answers.push(answer))
  await walk(page)
  expect(violations).toEqual([])
  expect(answers.filter((answer) => answer.status() >= 400).map((answer) => answer.url())).toEqual([])
  expectHeaders(answers, server)
})

function expectHeaders(answers: Response[], server: Server): void {
  for (const answer of answers) {
    const path = new URL(answer.url()).pathname
    const headers = answer.headers()
    expect(headers['x-content-type-options'], path).toBe('nosniff')
    expect(headers['content-security-policy'], path).not.toContain('unsafe-inline')
    expect(answer.url(), path).toContain(server.url)
    if (path.startsWith('/api/')) continue
    if (path.startsWith('/_app/immutable/')) expect(headers['cache-control'], path).toContain('immutable')
    else expect(headers['cache-control'], path).toBe('no-cache')
  }
}

test('pages and the worker are asked for anew each time', async ({ request }) => {
  for (const path of ['/', '/sessions', '/session/any', '/sw.js', '/manifest.webmanifest']) {
    const answer = await request.get(path, { headers: { accept: 'text/html' } })
    expect(answer.headers()['cache-control'], path).toBe('no-cache')
  }
})

test('the first load brings at most 70 kB of JavaScript', async ({ page }) => {
  const scripts: Response[] = []
  page.on('response', (answer) => {
    if (
      /javascript/.test(answer.headers()['content-type'] ?? '') &&
      answer.request().serviceWorker() === null
    )
      scripts.push(answer)
  })
  await SessionScreen.open(page)
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  await page.waitForLoadState('load')
  expect(scripts.length).toBeGreaterThan(1)
  const weight = await bytes(scripts)
  test.info().annotations.push({ type: 'bytes of JavaScript, gzip', description: String(weight) })
  expect(weight).toBeLessThanOrEqual(70_000)
})
