import { FleetLab } from '../fakes/fleetLab.ts'
import { expect, test } from './breakglassTest.ts'
import { FleetScreen } from './FleetScreen.ts'
import { faintTexts, sideways, smallFields, smallTargets } from './look.ts'

test.use({ serviceWorkers: 'block' })

/** Everything open that can be, one state after the other. */
async function throughFleet(screen: FleetScreen, lookAt: (name: string) => Promise<void>): Promise<void> {
  const { page } = screen
  await expect(screen.cards).toHaveCount(14)
  await screen.openAlerts()
  await screen.alerts
    .first()
    .getByRole('button', { name: /^Acknowledge/ })
    .click()
  await page.getByText('2 acknowledged').click()
  await lookAt('hosts, alerts open')
  await screen.alertBar.click()
  const card = screen.card('gpu3')
  for (const name of [/24 hours/, /process/])
    for (const button of await card.getByRole('button', { name }).all()) await button.click()
  await card.getByText('About gpu3').click()
  await screen.card('pi-02').getByText('What was last known').click()
  await expect(card.getByRole('img').first()).toBeVisible()
  await lookAt('cards, all open')
  await card.getByRole('button', { name: 'Kill…' }).first().click()
  await expect(screen.sheet).toBeVisible()
  await lookAt('kill')
  screen.api.kill = { killed: true, survivors: [{ pid: 1, name: 'python', gpu_memory_mb: 9_000 }] }
  await screen.hold()
  await lookAt('killed')
  await screen.sheet.getByRole('button', { name: 'Close' }).click()
  await screen.tab('Active').click()
  await screen
    .tmux('notebooks')
    .getByRole('button', { name: /attach, kill/ })
    .click()
  await lookAt('active')
  await page.getByRole('searchbox').fill('nothing like this')
  await lookAt('nothing matches')
}

for (const colorScheme of ['dark', 'light'] as const)
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ])
    test(`every text stands out, ${colorScheme}, ${viewport.width} px`, async ({ page }) => {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await throughFleet(await FleetScreen.open(page), async (name) => {
        expect.soft(await faintTexts(page), name).toEqual([])
      })
    })

test('every target takes a thumb, no field makes iOS zoom, nothing runs over at 360 px', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 })
  await throughFleet(await FleetScreen.open(page), async (name) => {
    expect.soft(await smallTargets(page), name).toEqual([])
    expect.soft(await smallFields(page), name).toEqual([])
    expect.soft(await sideways(page), name).toEqual([])
  })
})

for (const [width, columns] of [
  [390, 1],
  [900, 2],
  [1280, 3],
  [1920, 4],
] as const)
  test(`${columns} columns at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 1000 })
    const screen = await FleetScreen.open(page)
    await expect(screen.cards).toHaveCount(14)
    const columnCount = (): Promise<number> =>
      screen.cards.evaluateAll(
        (cards) => new Set(cards.map((card) => Math.round(card.getBoundingClientRect().left))).size,
      )
    await expect.poll(columnCount).toBe(columns)
  })

test('of 200 hosts those out of sight are not drawn, and all can be found', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.hosts = new FleetLab(Date.now()).manyHosts()
    api.alerts = []
  })
  await expect(screen.cards).toHaveCount(200)
  const drawn = () => page.getByText(/^About node/).count()
  expect(await drawn()).toBeLessThan(30)
  const main = page.getByRole('main')
  for (let at = 0; at < 20; at++) {
    await main.evaluate((scroller) => scroller.scrollBy(0, 1_500))
    await expect(
      page
        .getByText(/^About node/)
        .filter({ visible: true })
        .first(),
    ).toBeAttached()
  }
  expect(await drawn()).toBeLessThan(40)
  await page.getByRole('searchbox').fill('node200')
  await expect(screen.cards).toHaveCount(1)
})

test('news of one host draws one card anew, and none that is far away', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet', (api) => {
    api.hosts = new FleetLab(Date.now()).manyHosts()
    api.alerts = []
  })
  await expect(screen.cards).toHaveCount(200)
  await expect(page.getByText(/^About node/).first()).toBeVisible()
  // The cards are drawn part by part: until nothing is added for a while.
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const rest = (): NodeJS.Timeout =>
          setTimeout(() => {
            observer.disconnect()
            resolve()
          }, 700)
        const observer = new MutationObserver(() => {
          clearTimeout(timer)
          timer = rest()
        })
        let timer = rest()
        observer.observe(document.body, { subtree: true, childList: true })
      }),
  )
  await page.evaluate(() => {
    const changed = new Set<string>()
    Object.assign(window, { changed })
    new MutationObserver((records) => {
      for (const { target } of records) {
        const card = (target instanceof Element ? target : target.parentElement)?.closest('article')
        // Ages go on by themselves.
        const isAge = target.parentElement?.closest('.seen') != null
        const name = card?.querySelector('h3')?.textContent
        if (name !== undefined && !isAge) changed.add(name)
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
  })
  const name = (await screen.cards.first().getByRole('heading').textContent()) ?? ''
  const told = screen.api.hosts.find((one) => one.name === name)
  const polled_at = new Date().toISOString()
  await screen.board.tell('hosts_update', [
    { ...told, polled_at, memory_used_mb: 77 * 1024 },
    { ...screen.api.hosts.find((one) => one.name === 'node199'), polled_at },
  ])
  await expect(screen.cards.first()).toContainText('77.0 / 256 GB')
  // Set by the script above.
  const changed = () => page.evaluate(() => [...(window as unknown as { changed: Set<string> }).changed])
  expect(await changed()).toEqual([name])
})
