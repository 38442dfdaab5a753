import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBreakglass, until } from '../fakes/breakglass.ts'
import { startFleetReplay, type FleetReplay } from '../fakes/fleetReplay.ts'
import { expect, test as base } from './breakglassTest.ts'
import { FleetPage } from './FleetPage.ts'
import { hotGpu } from '../fakes/hotGpu.ts'

/** The real server, with what it says of a fleet; nothing of it is answered by the test. */
const test = base.extend<{ fleet: FleetReplay | null }>({
  // Playwright reads the fixtures that this one needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  fleet: async ({}, use) => use(null),
  server: async ({ fleet }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-fleet-'))
    const file = join(folder, 'b.yaml')
    const thresholds = { offline_polls: 2, for_polls: 2 }
    const settings = { interval_s: 5, watched_interval_s: 2, connect_timeout_s: 3, thresholds }
    const hosts = { ...fleet?.config(), refuser: { host: '127.0.0.1', port: 1, host_keys: fleet?.hostKeys } }
    // JSON is YAML.
    if (fleet !== null) await writeFile(file, JSON.stringify({ fleet: { ...settings, hosts } }))
    const env = fleet === null ? {} : { BREAKGLASS_CONFIG: file, SSH_AUTH_SOCK: '/nowhere' }
    const server = await startBreakglass(env)
    await use(Object.assign(server, { hold: async () => {}, release: async () => {} }))
    await server.stop()
    await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 200 })
  },
})

test.describe('this machine', () => {
  // A server of its own, in the folder where tmux has this account's: it is told from others by its socket.
  const socket = `breakglass-screen-${process.pid}`
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' }).trim()
  const named = (what: string) => `${what}-${process.pid}`
  const pidFile = join(tmpdir(), `${socket}.pid`)
  // What has left its terminal and listens to nobody outlives its tmux session.
  const program = `setsid sh -c 'trap "" HUP TERM; echo $$ >${pidFile}; exec sleep 600' & sleep 600`

  test.beforeAll(() => {
    tmux('new-session', '-d', '-s', named('train'), program)
    tmux('new-session', '-d', '-s', named('train-2'), 'sleep 600')
    return until('the process that stays', () => existsSync(pidFile))
  })
  test.afterAll(() => {
    try {
      tmux('kill-server')
    } catch {
      // It ends with its last session.
    }
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
    rmSync(pidFile)
  })

  test('without configuration its tmux sessions are shown and one is killed by hand', async ({ page }) => {
    const screen = await FleetPage.visit(page)
    await expect(page.getByRole('heading', { name: 'Add your machines' })).toBeVisible()
    await expect(screen.cards).toHaveCount(1)
    const card = screen.card('local')
    await expect(card).toContainText(/CPU\s*\d+ %/)
    await expect(card).toContainText(/Memory\s*[\d.]+ \/ [\d.]+ GB/)
    await page.getByRole('searchbox').fill(`${process.pid}`)
    await screen.tab('Active').tap()
    const row = screen.tmux(named('train')).filter({ hasNotText: named('train-2') })
    await expect(row).toContainText('detached')
    await row.getByRole('button', { name: /attach, kill/ }).tap()
    await expect(row.getByLabel('Command to attach', { exact: true })).toContainText(`-S /tmp/tmux-`)
    await row.getByRole('button', { name: 'Kill…' }).tap()
    await expect(screen.sheet.getByRole('heading')).toHaveText(`Kill ${named('train')}?`)
    await screen.sheet.getByRole('button', { name: 'I know, go on…' }).tap()
    await screen.hold()
    await expect(screen.sheet).toContainText(/It is gone; \d process(es)? outlived it/)
    await expect(screen.sheet.getByRole('list', { name: 'Processes that outlived it' })).toContainText(
      /sleep/,
    )
    await screen.sheet.getByRole('button', { name: 'Close' }).tap()
    expect(tmux('ls', '-F', '#{session_name}')).toBe(named('train-2'))
    await expect(row).toHaveCount(0)
    await expect(screen.tmux(named('train-2'))).toHaveCount(1)
  })
})

test.describe('several hosts', () => {
  test.use({
    // eslint-disable-next-line no-empty-pattern
    fleet: async ({}, use) => {
      const fleet = await startFleetReplay(['calm', 'hot', 'leaver'])
      await use(fleet)
      await fleet.stop()
    },
  })

  test('what goes wrong is told on the screen that is open, and acknowledged for all', async ({
    page,
    fleet,
    newDevice,
  }) => {
    const screen = await FleetPage.visit(page)
    const other = await FleetPage.visit(await (await newDevice()).newPage())
    await expect(screen.cards).toHaveCount(4)
    for (const name of ['calm', 'hot', 'leaver']) await expect(screen.card(name)).toContainText('healthy')
    await expect(screen.card('refuser')).toContainText(/never seen/)

    fleet?.host('hot').show(hotGpu(94))
    await expect(screen.card('hot')).toContainText('94 °C')
    await expect(screen.card('hot')).toContainText('too hot')
    await screen.openAlerts()
    const alert = screen.alerts.filter({ hasText: '94 °C' })
    await expect(alert).toContainText('critical')
    await alert.getByRole('button', { name: /^Acknowledge/ }).tap()
    await alert.getByRole('button', { name: '8 hours' }).tap()
    await expect(screen.alerts.filter({ hasText: '94 °C' })).toHaveCount(0)
    await other.openAlerts()
    await expect(other.alerts.filter({ hasText: '94 °C' })).toHaveCount(0)
    await other.page.locator('summary', { hasText: '1 acknowledged' }).tap()
    const known = other.page.getByRole('list', { name: 'Acknowledged alerts' }).getByRole('listitem')
    await expect(known.filter({ hasText: '94 °C' })).toContainText(/acknowledged by \S+ until ./)

    // Its key is refused from now on, and no connection stands.
    rmSync(fleet?.host('leaver').keyFile ?? '')
    fleet?.killConnections()
    await expect(screen.card('leaver')).toContainText('offline', { timeout: 30_000 })
    await expect(screen.card('leaver')).toContainText(/last seen \d/)
    await expect(screen.alerts.filter({ hasText: 'leaver' })).toHaveCount(1)
    await expect(screen.card('calm')).toContainText('healthy')
  })

  test('a server that is killed and comes back is told, and shows the fleet again', async ({
    page,
    server,
    fleet,
  }) => {
    const screen = await FleetPage.visit(page)
    await expect(screen.card('calm')).toContainText('healthy')
    await server.kill('SIGKILL')
    await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
    await expect(screen.card('calm')).toHaveClass(/stale/)
    fleet?.host('calm').show({ memoryKb: { total: 16_000_000, available: 4_000_000 } })
    await server.restart()
    await expect(page.getByRole('heading', { name: 'No connection' })).toHaveCount(0)
    await expect(screen.card('calm')).not.toHaveClass(/stale/)
    await expect(screen.card('calm')).toContainText('11.4 / 15.3 GB')
  })

  test('24 hours begin with the first poll', async ({ page, server }) => {
    await until('some polls are kept', async () => {
      const from = new Date(Date.now() - 600_000).toISOString()
      const { json } = await server.api('GET', `/api/fleet/hosts/calm/history?from=${from}`)
      return json.series?.some((one: { metric: string }) => one.metric === 'memory_percent')
    })
    const screen = await FleetPage.visit(page)
    const card = screen.card('calm')
    await card
      .getByRole('button', { name: /the last 24 hours/ })
      .first()
      .tap()
    await expect(
      card.getByRole('img', { name: /^Memory in 24 hours: from 25 % to 25 %, the last 10 minutes/ }),
    ).toBeVisible()
  })
})
