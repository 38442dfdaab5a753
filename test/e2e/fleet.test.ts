import { until } from '../fakes/breakglass.ts'
import { expect, test } from './breakglassTest.ts'
import { FleetScreen } from './FleetScreen.ts'

// Requests that a worker makes cannot be answered here.
test.use({ serviceWorkers: 'block' })

for (const size of [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
])
  test.describe(`at ${size.width} × ${size.height}`, () => {
    test.use({ viewport: size })

    test('the worst host stands first, and each says in words what it is', async ({ page }) => {
      const screen = await FleetScreen.open(page)
      await expect(screen.cards).toHaveCount(14)
      await expect(screen.cards.first()).toContainText('gpu4')
      await expect(screen.card('gpu4')).toContainText('too hot')
      await expect(screen.card('gpu3')).toContainText('21.9 / 24.0 GB')
      await expect(screen.card('gpu3')).toContainText('Slowed down by heat')
      await expect(screen.card('gpu6')).toContainText('It fell off the bus')
      await expect(screen.card('pi-02')).toContainText(/last seen \d/)
      await expect(screen.card('gpu5')).toContainText('4 min old')
      await expect(screen.card('a100')).toContainText('not told by MIG')
      await expect(screen.card('gpu7')).toContainText('Its clock is 3 h behind ours.')
      await expect(screen.card('gpu8')).toContainText('It was started again')
      await expect(screen.card('storage1')).toContainText('93 % /srv/data')
      await expect(screen.card('amd1')).toContainText('140 / — W')
      await expect(screen.card('new-box')).toContainText('never seen')
    })

    test('the tabs: who works, who left what behind, by touch and by keys', async ({ page }) => {
      const screen = await FleetScreen.open(page)
      await screen.tab('Legacy').click()
      await expect(page).toHaveURL(/tab=legacy/)
      await expect(page.getByText('21.9 GB of GPU memory held by 1 user on 1 host.')).toBeVisible()
      await expect(screen.tmux('train-old')).toContainText('detached 4d')
      await page.keyboard.press('ArrowLeft')
      await expect(screen.tab('Active')).toBeFocused()
      await expect(screen.tab('Active')).toHaveAttribute('aria-selected', 'true')
      await expect(screen.tmux('sweep: lr=0.1').first()).toContainText('39.1 GB of GPU 0, 1')
      await expect(screen.tmux('⟨U+202E⟩')).toHaveCount(1)
      await page.keyboard.press('End')
      await expect(screen.tab('All hosts')).toBeFocused()
      await expect(page.getByRole('tabpanel')).toHaveAccessibleName(/^All hosts/)
    })

    test('an alert is acknowledged in place, folded behind a count, and taken back', async ({ page }) => {
      const screen = await FleetScreen.open(page)
      const nav = page.getByRole('navigation').getByRole('link', { name: /^Fleet/ })
      await expect(nav).toHaveAccessibleName(/alerts: 4/)
      await screen.openAlerts()
      await expect(screen.alerts).toHaveCount(4)
      await screen.alerts
        .first()
        .getByRole('button', { name: /^Acknowledge/ })
        .click()
      await screen.alerts.first().getByRole('button', { name: '8 hours' }).click()
      await expect(screen.alerts).toHaveCount(3)
      await expect(nav).toHaveAccessibleName(/alerts: 3/)
      const [ack] = screen.api.calls(/\/ack$/)
      expect(Date.parse(ack?.body.until) - Date.now()).toBeGreaterThan(7.9 * 3_600_000)
      await page.getByText('3 acknowledged').click()
      const known = page.getByRole('list', { name: 'Acknowledged alerts' }).getByRole('listitem')
      await known.filter({ hasText: '91 °C' }).getByRole('button', { name: 'Take back' }).click()
      await expect(screen.alerts).toHaveCount(4)
      await screen.alertBar.click()
      await expect(screen.alerts).toHaveCount(0)
      await page.reload()
      await expect(screen.alertBar).toHaveAttribute('aria-expanded', 'false')
    })

    test('a search finds hosts, and stands in the address', async ({ page, newDevice }) => {
      const screen = await FleetScreen.open(page)
      const search = page.getByRole('searchbox')
      await search.fill('user1')
      await expect(screen.cards).toHaveCount(1)
      await expect(page).toHaveURL(/\?q=user1$/)
      await search.fill('')
      await page.getByRole('button', { name: 'edge', exact: true }).click()
      await expect(screen.cards).toHaveCount(2)
      await page.getByRole('button', { name: /^Trouble/ }).click()
      await expect(screen.cards).toHaveCount(1)
      await expect(page).toHaveURL('/fleet?group=edge&trouble=1')
      const other = await FleetScreen.open(
        await (await newDevice({ serviceWorkers: 'block', viewport: size })).newPage(),
        page.url(),
      )
      await expect(other.cards).toHaveCount(1)
      await expect(other.card('pi-02')).toBeVisible()
      await other.page.getByRole('searchbox').fill('nothing like this')
      await other.page.getByRole('button', { name: 'Show all' }).click()
      await expect(other.cards).toHaveCount(14)
    })
  })

test('by name, for who looks for one', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await page.getByRole('button', { name: /^Order: worst first/ }).click()
  await expect(screen.cards.first()).toContainText('a100')
  await expect(page).toHaveURL('/fleet?sort=name')
})

test('the command to attach is copied, and the link leads to a terminal', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const screen = await FleetScreen.open(page)
  const row = screen.tmux('notebooks', screen.card('gpu3'))
  await row.getByRole('button', { name: 'Copy the command to attach' }).tap()
  await expect(row.getByRole('button', { name: 'Copied' })).toBeVisible()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toBe(`ssh -t user2@gpu3.lab.example "tmux -u attach -t '=notebooks'"`)
  await row.getByRole('button', { name: /attach, kill/ }).tap()
  await expect(row.getByRole('link', { name: 'Open in a terminal' })).toHaveAttribute(
    'href',
    /^ssh:\/\/user2@gpu3/,
  )
})

test('a tap on the bars shows 24 hours, told in words; an empty and a failed one say so', async ({
  page,
}) => {
  const screen = await FleetScreen.open(page)
  const gpu = screen.card('gpu3').getByRole('group', { name: 'GPU 0 of gpu3' })
  const bars = gpu.getByRole('button', { name: /24 hours/ })
  await bars.tap()
  await expect(
    gpu.getByRole('img', { name: /^Heat in 24 hours: from 60 °C to \d+ °C, the last 10 minutes/ }),
  ).toBeVisible()
  await expect(gpu.getByRole('img')).toHaveCount(4)
  const [call] = screen.api.calls(/history$/)
  expect(call?.query.get('step')).toBe('600')
  screen.api.history = 'empty'
  await bars.tap()
  await bars.tap()
  await expect(gpu.getByRole('img')).toHaveCount(4)
  expect(screen.api.calls(/history$/)).toHaveLength(1)
  // What was read serves for a minute; a page that was loaded anew knows none of it.
  await page.reload()
  await bars.tap()
  await expect(gpu.getByText('Nothing has been kept of the last 24 hours.')).toBeVisible()
  screen.api.history = { status: 503, code: 'unavailable', detail: 'The store is away.' }
  await page.reload()
  await bars.tap()
  await expect(gpu.getByText('The store is away.')).toBeVisible()
  screen.api.history = 'full'
  await gpu.getByRole('button', { name: 'Try again' }).tap()
  await expect(gpu.getByRole('img')).toHaveCount(4)
})

test('what the board tells is drawn at once', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await expect(screen.card('gpu1')).toContainText('healthy')
  await expect(page.getByRole('button', { name: /^4 alerts/ }).first()).toBeVisible()
  const gpu1 = screen.api.hosts.find(({ name }) => name === 'gpu1')
  const news = {
    ...gpu1,
    status: 'offline',
    detail: 'No TCP connection.',
    polled_at: new Date().toISOString(),
  }
  await screen.board.tell('hosts_update', [news])
  await expect(screen.card('gpu1')).toContainText('offline')
  const [alert] = screen.api.alerts
  await screen.board.tell('alert_new', {
    ...alert,
    id: 'fresh',
    host: 'gpu1',
    message: 'It does not answer.',
  })
  await expect(page.getByRole('button', { name: /^5 alerts/ }).first()).toBeVisible()
  await screen.board.tell('alert_cleared', { id: 'fresh' })
  await expect(page.getByRole('button', { name: /^4 alerts/ }).first()).toBeVisible()
})

test('only what is on the screen is asked for, and all of it without the board', async ({ page }) => {
  await page.clock.install()
  const screen = await FleetScreen.open(page)
  await expect(screen.cards).toHaveCount(14)
  const all = () => screen.api.calls(/hosts$/).filter(({ query }) => !query.has('names')).length
  const watched = () => screen.api.calls(/hosts$/).filter(({ query }) => query.get('watch') === '1')
  await page.clock.runFor(6_000)
  await until('the visible ones are asked for', () => watched().length > 0)
  expect(watched().at(-1)?.query.get('names')).toContain('gpu4')
  expect(watched().at(-1)?.query.get('names')?.split(',').length).toBeLessThan(6)
  await screen.board.down()
  await expect(page.getByRole('status', { name: /^Connection: reconnecting/ })).toBeVisible()
  const before = all()
  await page.clock.runFor(31_000)
  await until('everything is asked for three times', () => all() >= before + 3)
  screen.api.hosts = screen.api.hosts.filter(({ name }) => name !== 'gpu7')
  await page.clock.runFor(11_000)
  await expect(screen.cards).toHaveCount(13)
  await screen.board.up()
  await page.clock.runFor(60_000)
  await expect(page.getByRole('status', { name: 'Connection: connected' })).toBeVisible()
})

test('without the server what was last known is shown as old, and nothing is sent', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await expect(page.getByRole('button', { name: /^4 alerts/ }).first()).toBeVisible()
  await expect(screen.cards).toHaveCount(14)
  await screen.cut()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
  await expect(page.getByText('What you see is from')).toBeVisible()
  await expect(screen.card('gpu1')).toHaveClass(/stale/)
  await expect(screen.card('gpu1')).toContainText(/last seen \d/)
  const kill = screen.card('gpu3').getByRole('button', { name: 'Kill…' }).first()
  await expect(kill).toHaveAttribute('aria-disabled', 'true')
  await screen.openAlerts()
  await screen.alerts
    .first()
    .getByRole('button', { name: /^Acknowledge/ })
    .tap()
  await screen.alerts.first().getByRole('button', { name: 'Until it ends' }).tap({ force: true })
  await expect(screen.alerts.first()).toContainText('No connection: nothing is sent later without you.')
  expect(screen.api.calls(/ack$/)).toEqual([])
})

test('a fleet that cannot be read says why, and is tried again', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.failing = { status: 503, code: 'unavailable', detail: 'The store is away.' }
  })
  await expect(page.getByText('The store is away.', { exact: true })).toBeVisible()
  await expect(page.getByText('Alerts could not be read. The store is away.')).toBeVisible()
  const before = screen.api.calls(/hosts$/).length
  await page.getByRole('button', { name: 'Try again' }).tap()
  await expect.poll(() => screen.api.calls(/hosts$/).length).toBeGreaterThan(before)
  screen.api.failing = null
  await page.reload()
  await expect(screen.cards).toHaveCount(14)
})

test('at first it says how to enrol, and shows the machine that it runs on', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.summary = { configured: false, hosts: 1, alerts_enabled: true }
    api.hosts = api.hosts
      .filter(({ name }) => name === 'ana-laptop')
      .map((host) => ({ ...host, local: true }))
    api.alerts = []
  })
  await expect(page.getByRole('heading', { name: 'Add your machines' })).toBeVisible()
  await expect(page.getByText('app/fleet/host/enrol.sh').first()).toBeVisible()
  await expect(screen.card('ana-laptop')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Alerts' })).toHaveCount(0)
  await screen.tab('Legacy').tap()
  await expect(page.getByText('Nothing is left behind')).toBeVisible()
})

test('a host with a target is triaged in a session of its own; others say how to add one', async ({
  page,
  server,
}) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.hosts = api.hosts.map((host) => (host.name === 'gpu1' ? { ...host, target: 'local' } : host))
  })
  await screen.card('gpu3').getByText('About gpu3').tap()
  await expect(screen.card('gpu3')).toContainText('fleet.hosts.gpu3.target')
  await screen.card('gpu1').getByText('About gpu1').tap()
  await screen.card('gpu1').getByRole('button', { name: 'Triage this host' }).tap()
  await expect(page).toHaveURL(/\/session\/\w+$/)
  await expect(page.getByText(/^Ended in/)).toBeVisible()
  const id = page.url().split('/').at(-1)
  const sessions = (await server.api('GET', '/api/sessions')).json
  expect(sessions.find((one: { session_id: string }) => one.session_id === id).target).toBe('local')
})

test('an alert leads to its host, from any tab and through any filter', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet?tab=legacy&q=user1')
  await screen.openAlerts()
  await screen.alerts.getByRole('button', { name: 'pi-02: show it' }).tap()
  await expect(screen.card('pi-02').getByRole('heading')).toBeFocused()
  await expect(screen.card('pi-02')).toBeInViewport()
})

test('what is open does not move, whoever takes more memory', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet?tab=active')
  const rows = page.getByRole('list', { name: 'tmux sessions' }).getByRole('button', { name: /attach, kill/ })
  await rows.nth(1).tap()
  const before = await rows.allTextContents()
  const host = screen.api.hosts.find(({ tmux }) => tmux.some(({ name }) => name === 'irc'))
  const tmux = host?.tmux.map((one) => ({ ...one, gpu_memory_mb: 99_000 }))
  await screen.board.tell('hosts_update', [{ ...host, tmux, polled_at: new Date().toISOString() }])
  await expect(page.getByText('96.7 GB of GPU memory').first()).toBeVisible()
  const names = (texts: string[]) => texts.map((text) => text.trim().split(/\s/)[0])
  expect(names(await rows.allTextContents())).toEqual(names(before))
})

test('the tabs of tmux sessions watch their hosts as often as the cards do', async ({ page }) => {
  await page.clock.install()
  const screen = await FleetScreen.open(page, '/fleet?tab=active')
  await expect(screen.tmux('notebooks')).toBeVisible()
  const watched = () => screen.api.calls(/hosts$/).filter(({ query }) => query.get('watch') === '1').length
  for (let at = 0; at < 20; at++) await page.clock.runFor(1_000)
  expect(watched()).toBeGreaterThan(2)
  expect(watched()).toBeLessThan(8)
})

test('a change of the link alone reads nothing anew', async ({ page }) => {
  await page.clock.install()
  const screen = await FleetScreen.open(page)
  await expect(screen.cards).toHaveCount(14)
  await page.clock.runFor(1_000)
  const all = () => screen.api.calls(/hosts$/).filter(({ query }) => !query.has('names')).length
  const before = all()
  await screen.board.down()
  await expect(page.getByRole('status', { name: /^Connection: reconnecting/ })).toBeVisible()
  await page.clock.runFor(3_000)
  expect(all()).toBe(before)
})

test('alerts that could not be read are not told as none, and no host is called healthy for all', async ({
  page,
}) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.hosts = api.hosts.filter(({ name }) => ['gpu1', 'a100', 'login'].includes(name))
    api.alerts = []
  })
  await expect(page.getByText('All 3 hosts are healthy')).toBeVisible()
  screen.api.alertsFailing = { status: 503, code: 'unavailable', detail: 'The store is away.' }
  await page.reload()
  await expect(page.getByText(/^Alerts could not be read\. The store is away\. Last known/)).toBeVisible()
  await expect(screen.cards).toHaveCount(3)
  await expect(page.getByText('All 3 hosts are healthy')).toHaveCount(0)
  screen.api.alertsFailing = null
  screen.api.summary.alerts_enabled = false
  await page.reload()
  await expect(page.getByText('Alerts are switched off in the configuration.')).toBeVisible()
})

test('a name in an alert turns no sentence, and is marked', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.alerts = api.alerts
      .slice(0, 1)
      .map((one) => ({ ...one, message: 'The tmux session “a\u202Egnp.exe” is busy.' }))
  })
  await screen.openAlerts()
  await expect(screen.alerts.first()).toContainText('“a⟨U+202E⟩gnp.exe” is busy.')
  await expect(
    screen.alerts.first().getByRole('button', { name: 'Acknowledge: The tmux session' }),
  ).toHaveAccessibleName('Acknowledge: The tmux session “a gnp.exe” is busy.')
})

test('after a sign-out nothing of the fleet is left on the device', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await expect(screen.cards).toHaveCount(14)
  const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('fleet.2')))
  await expect.poll(kept).toHaveLength(1)
  screen.api.failing = { status: 401, code: 'unauthorized', detail: 'Sign in.' }
  await screen.board.tell('alert_cleared', { id: 'none' })
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect(page.getByText(/signed out/i).first()).toBeVisible()
  await expect.poll(kept).toEqual([])
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  expect(await kept()).toEqual([])
})
