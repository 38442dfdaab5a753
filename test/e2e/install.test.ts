import { chromium, type Page } from '@playwright/test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'

/** The worker has kept what the shell needs, and answers for the next page. */
const workerReady = (page: Page) => page.evaluate(async () => void (await navigator.serviceWorker.ready))

test('the manifest can be read behind a sign-in, and its icons are what it says', async ({
  page,
  request,
}) => {
  await page.goto('/')
  const link = page.locator('link[rel=manifest]')
  await expect(link).toHaveAttribute('crossorigin', 'use-credentials')
  const manifest = await (await request.get((await link.getAttribute('href')) ?? '')).json()
  expect(manifest).toMatchObject({ name: 'Breakglass', display: 'standalone', start_url: '/' })
  const icons: { src: string; sizes: string; purpose: string }[] = manifest.icons
  expect(icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual(
    expect.arrayContaining(['192x192 any', '512x512 any', '512x512 maskable']),
  )
  const touch = (await page.locator('link[rel=apple-touch-icon]').getAttribute('href')) ?? ''
  for (const { src, sizes } of [...icons, { src: touch, sizes: '180x180' }]) {
    const answer = await request.get(src)
    expect(answer.headers()['content-type'], src).toBe('image/png')
    const png = await answer.body()
    expect(png.subarray(1, 4).toString(), src).toBe('PNG')
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(sizes)
  }
})

test('the head says what a phone needs to install it well', async ({ page }) => {
  await page.goto('/')
  const content = (name: string) => page.locator(`meta[name="${name}"]`).first().getAttribute('content')
  expect(await content('viewport')).toContain('viewport-fit=cover')
  expect(await content('apple-mobile-web-app-capable')).toBe('yes')
  const colours = page.locator('meta[name="theme-color"]')
  await expect(colours).toHaveCount(2)
  for (const [nth, scheme] of ['dark', 'light'].entries()) {
    await expect(colours.nth(nth)).toHaveAttribute('media', `(prefers-color-scheme: ${scheme})`)
    await page.emulateMedia({ colorScheme: scheme as 'dark' | 'light' })
    const drawn = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const [r, g, b] = (drawn.match(/\d+/g) ?? []).map((part) => Number(part).toString(16).padStart(2, '0'))
    await expect(colours.nth(nth)).toHaveAttribute('content', `#${r}${g}${b}`)
  }
})

test('Chromium finds nothing that keeps it from being installed', async ({ server, launchOptions }) => {
  const profile = await mkdtemp(join(tmpdir(), 'breakglass-profile-'))
  const context = await chromium.launchPersistentContext(profile, launchOptions)
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(server.url)
    await workerReady(page)
    const browser = await context.newCDPSession(page)
    const { installabilityErrors } = await browser.send('Page.getInstallabilityErrors')
    expect(installabilityErrors).toEqual([])
  } finally {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  }
})

test('without the server the shell opens, says that it is offline, and comes back by itself', async ({
  page,
  server,
}) => {
  const screen = await SessionScreen.open(page)
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await workerReady(page)
  const { id } = screen
  await server.kill('SIGKILL')

  for (const path of [`/session/${id}`, '/', '/sessions', '/more']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
    await expect(screen.lamp(/offline|reconnecting/)).toBeVisible()
  }
  await page.goto(`/session/${id}`)
  await expect(page.getByText('What you see is from')).toBeVisible()
  await expect(screen.findings.first()).toBeVisible()
  const kept = await page.evaluate(async () => {
    const names = await caches.keys()
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return requests.flat().map(({ url }) => new URL(url).pathname)
  })
  expect(kept).toContain('/200.html')
  expect(kept.filter((path) => path.startsWith('/api'))).toEqual([])

  await server.restart()
  await expect(screen.lamp(/attached/)).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('heading', { name: 'No connection' })).toBeHidden()
})
