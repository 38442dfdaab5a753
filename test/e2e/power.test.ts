import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Route } from '@playwright/test'
import type { Operation } from '#app/schema/api.ts'
import { until } from '../fakes/breakglass.ts'
import { expect, test, type Server } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'
import { VmSheet } from './VmSheet.ts'

// A request that a worker makes cannot be held back here.
test.use({ serviceWorkers: 'block' })

interface Told {
  op: string
  verb: string
  state: string
  outcome?: string
}

/** What has been done to the VM, newest first; looking is not doing. */
async function done(server: Server): Promise<Told[]> {
  const operations: Told[] = (await server.api('GET', '/api/vms/demo/operations')).json
  return operations.filter(({ verb }) => verb !== 'status')
}

test('the sheet opens with one tap from every screen and shows the VM before all else', async ({ page }) => {
  const session = await SessionScreen.open(page)
  for (const path of [`/session/${session.id}`, '/sessions', '/more', '/no-such-screen']) {
    await page.goto(path)
    const sheet = await VmSheet.open(page)
    const { dialog } = sheet
    await expect(dialog.getByText('running', { exact: true })).toBeInViewport()
    await expect(dialog.getByText('DEMO', { exact: true })).toBeInViewport()
    await expect(dialog.locator('time').first()).toHaveText(/now|ago|\ds/)
    await expect(sheet.verb('Cycle')).toBeInViewport({ ratio: 1 })
    await expect(sheet.verb('Reset')).toBeInViewport({ ratio: 1 })
    await dialog.getByRole('button', { name: 'Close' }).tap()
    await expect(dialog).toBeHidden()
  }
})

test('status answers in words, with what the hypervisor printed, and asks nothing first', async ({
  page,
}) => {
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Status').tap()
  await expect(sheet.outcome(/Status done/)).toBeVisible()
  const output = sheet.dialog.getByLabel('Output of Status')
  await expect(output).toContainText('running')
  const { height } = (await output.boundingBox()) ?? { height: Infinity }
  expect(height).toBeLessThanOrEqual(0.46 * 844 + 1)
})

test('a tap, a double tap and a hold let go too early cycle nothing', async ({ page, server }) => {
  const before = await done(server)
  await page.clock.install()
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await expect(sheet.question).toContainText('Cycle Demo VM?')
  await expect(sheet.question).toContainText('powered off and started again')
  await sheet.hold.tap()
  await sheet.hold.tap()
  await sheet.hold.dblclick()
  await page.clock.runFor(5_000)
  const lift = await sheet.press()
  await page.clock.runFor(500)
  await lift()
  await page.clock.runFor(5_000)
  await expect(sheet.question).toBeVisible()
  await sheet.question.getByRole('button', { name: 'Not now' }).tap()
  await expect(sheet.verb('Cycle')).toBeVisible()
  expect(await done(server)).toEqual(before)
})

test('a cycle that is held runs once and says how it ended', async ({ page, server }) => {
  const before = await done(server)
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle is running/)).toBeVisible()
  await expect(sheet.outcome(/Cycle done/)).toBeVisible()
  await expect(sheet.phases).toHaveText([
    /done\s*Checks first/,
    /done\s*Keeps forensics/,
    /done\s*Power off/,
    /done\s*Power on/,
  ])
  const [newest, ...older] = await done(server)
  expect(newest).toMatchObject({ verb: 'cycle', state: 'ended', outcome: 'done' })
  expect(older).toEqual(before)
})

test('an operation goes on without its page, and the page shows it when it is opened again', async ({
  page,
  context,
  server,
}) => {
  const before = await done(server)
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await until('the cycle runs', async () => (await done(server)).length > before.length)
  await page.close()

  const again = await context.newPage()
  await SessionScreen.open(again)
  const reopened = await VmSheet.open(again)
  await expect(reopened.dialog.getByText(/Cycle is running|Last: Cycle, done/)).toBeVisible()
  await expect(reopened.dialog.getByText(/Cycle done|Last: Cycle, done/)).toBeVisible()
  expect(await done(server)).toHaveLength(before.length + 1)
})

test('an answer that is lost is read from the record: the truth, and still one operation', async ({
  page,
  server,
}) => {
  const before = await done(server)
  await SessionScreen.open(page)
  let sent = 0
  await page.route('**/api/vms/demo/cycle', async (route) => {
    sent++
    route.fetch().catch(() => undefined)
    await until('it has arrived', async () => (await done(server)).length > before.length)
    await route.abort('connectionreset')
  })
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle done/)).toBeVisible()
  expect(sent).toBe(1)
  const operations = await done(server)
  expect(operations).toHaveLength(before.length + 1)
  expect(operations[0]).toMatchObject({ state: 'ended', outcome: 'done' })
  await expect(sheet.dialog).toContainText(operations[0]?.op.slice(0, 8) ?? '?')
})

test('its phases are read while it runs, and its end, though no stream and no answer comes', async ({
  page,
}) => {
  await page.route('**/stream*', (route) => route.abort('connectionreset'))
  await page.goto('/more')
  const answers: Route[] = []
  await page.route('**/api/vms/demo/cycle', (route) => void answers.push(route))
  let fields: Partial<Operation> = { state: 'running', phase: 'stop' }
  const phases = ['preflight', 'forensics', 'stop'].map((phase, index) => ({
    phase,
    at: new Date(Date.now() + 1000 * index).toISOString(),
  }))
  await page.route('**/api/vms/demo/operations/*', (route) => {
    const op = new URL(route.request().url()).pathname.split('/').at(-1)
    const told = { op, verb: 'cycle', by: 'operator', requested_at: phases[0]?.at, phases }
    return route.fulfill({ json: { ...told, ...fields } })
  })
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle is running/)).toBeVisible()
  await expect(sheet.phases).toHaveText([
    /done\s*Checks first\s*1 s/,
    /done\s*Keeps forensics\s*1 s/,
    /now\s*Power off\s*\d\d:\d\d/,
    /still to come\s*Power on/,
  ])
  fields = {
    state: 'ended',
    phase: 'outcome',
    outcome: 'failed',
    exit_code: 70,
    duration_ms: 9_000,
    detail: 'qm stop failed: got timeout',
  }
  await expect(sheet.outcome(/Cycle failed/)).toContainText('qm stop failed: got timeout.')
  await expect(sheet.phases.nth(2)).toContainText('ended here')
  await expect(sheet.phases.nth(3)).toContainText('not reached')
  expect(answers).toHaveLength(1)
})

test('an outcome that is unknown first and known later is told as such', async ({ page }) => {
  await SessionScreen.open(page)
  let outcome = 'unknown'
  const body = { verb: 'cycle', exit_code: null, stdout: '', stderr: '', rejected: false, duration_ms: 9_000 }
  await page.route('**/api/vms/demo/cycle', (route) => {
    const { op } = route.request().postDataJSON() as { op: string }
    return route.fulfill({ status: 502, json: { ...body, outcome, op, failed_leg: 'lost' } })
  })
  await page.route('**/api/vms/demo/operations/*', (route) => {
    const op = new URL(route.request().url()).pathname.split('/').at(-1)
    const told = {
      op,
      verb: 'cycle',
      by: 'operator',
      phase: 'outcome',
      requested_at: new Date().toISOString(),
    }
    return route.fulfill({ json: { ...told, state: 'ended', outcome, exit_code: null, duration_ms: 9_000 } })
  })
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle unknown/)).toContainText('It may or may not have run')
  outcome = 'done'
  await expect(sheet.outcome(/Cycle done/)).toContainText('It was unknown first')
})

test('an operation that never arrived is not told as done, nor sent again', async ({ page, server }) => {
  const before = await done(server)
  await SessionScreen.open(page)
  let sent = 0
  await page.route('**/api/vms/demo/reset', async (route) => {
    sent++
    await route.abort('connectionrefused')
  })
  const sheet = await VmSheet.open(page)
  await sheet.verb('Reset').tap()
  await expect(sheet.question).toContainText('Reset Demo VM?')
  await sheet.confirm()
  // Each of three readings of its record asks the hypervisor.
  await expect(sheet.outcome(/Reset unknown/)).toContainText('no record', { timeout: 45_000 })
  expect(sent).toBe(1)
  expect(await done(server)).toEqual(before)
})

test('without a connection nothing can be held, the question says why, and nothing is sent', async ({
  page,
}) => {
  await page.clock.install()
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await expect(sheet.hold).toBeEnabled()
  let sent = 0
  await page.route('**/api/**', (route) => {
    if (route.request().url().endsWith('/cycle')) sent++
    return route.abort('connectionrefused')
  })
  await page.clock.runFor(6_000)
  const held = sheet.question.getByRole('button', { name: 'Cannot cycle now' })
  await expect(held).toHaveAttribute('aria-disabled', 'true')
  await expect(sheet.question.getByRole('status')).toContainText('No connection')
  await held.focus()
  await page.keyboard.down('Enter')
  await page.clock.runFor(3_000)
  await page.keyboard.up('Enter')
  await expect(sheet.question).toBeVisible()
  expect(sent).toBe(0)
})

test('while contact is lost the VM can be looked at, and waiting can be stopped', async ({ page }) => {
  await SessionScreen.open(page)
  await page.route('**/api/vms/demo/cycle', (route) => route.abort('connectionreset'))
  await page.route('**/api/vms/demo/operations/*', (route) =>
    route.fulfill({ status: 503, json: { detail: 'No.', code: 'x', request_id: '' } }),
  )
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle has no answer/)).toContainText('may or may not have arrived')
  await expect(sheet.verb('Reset')).toHaveAttribute('aria-disabled', 'true')
  await sheet.verb('Status').tap()
  await expect(sheet.outcome(/Status done/)).toBeVisible()
  await expect(sheet.outcome(/Cycle has no answer/)).toBeVisible()
  await sheet.verb('Stop waiting').tap()
  await expect(sheet.outcome(/Cycle unknown/)).toContainText('it may still run')
  await sheet.verb('Reset').tap()
  await expect(sheet.question).toContainText('Reset Demo VM?')
})

test('a wedged VM is shown as wedged with its evidence, and a cycle helps', async ({ page, server }) => {
  const wedge = join(server.dataDir, 'demo', 'wedge')
  await writeFile(wedge, '')
  try {
    await SessionScreen.open(page)
    const sheet = await VmSheet.open(page)
    await expect(sheet.dialog.getByText(/wedged/).first()).toBeVisible()
    await expect(sheet.dialog).toContainText(/monitor/i)
    await sheet.dialog.getByRole('button', { name: 'Close' }).tap()
    await expect(page.getByRole('button', { name: /^VMs.*wedged: 1/ })).toBeVisible()
    await VmSheet.open(page)
    await sheet.verb('Cycle').tap()
    await sheet.confirm()
    await expect(sheet.outcome(/Cycle done/)).toBeVisible({ timeout: 30_000 })
    await expect(sheet.dialog.getByText('running', { exact: true })).toBeVisible()
  } finally {
    await rm(wedge, { force: true })
  }
})

test('a question whose script does not come is not asked, nothing runs, and it can be tried again', async ({
  page,
  server,
}) => {
  const before = await done(server)
  await SessionScreen.open(page)
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  const scripts = '**/_app/immutable/**/*.js'
  await page.route(scripts, (route) => route.abort('connectionreset'))
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  await expect(sheet.dialog).toContainText('Nothing is run before you have answered it.')
  expect(await done(server)).toEqual(before)
  await page.unroute(scripts)
  await sheet.dialog.getByRole('button', { name: 'Try again' }).tap()
  await sheet.confirm()
  await expect(sheet.outcome(/Cycle done/)).toBeVisible()
})
