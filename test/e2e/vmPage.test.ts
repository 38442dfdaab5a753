import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { Operation, Vm } from '#app/schema/api.ts'
import { expect, test } from './breakglassTest.ts'
import { SessionScreen } from './SessionScreen.ts'
import { tellOperations, tellVm, VmSheet } from './VmSheet.ts'

// A request that a worker makes cannot be held back here.
test.use({ serviceWorkers: 'block' })

const at = (second: number) => `2026-11-27T03:00:${String(second).padStart(2, '0')}.000Z`
const report = `The monitor of QEMU is silent.

== process (ok, 0.1 s)
nfs_file_read

== storage (no end within 5 s)

== quorum (failed, exit 1)
ipcc_send_rec[1] failed

== end
`
const failed: Operation = {
  op: 'f'.repeat(32),
  verb: 'cycle',
  by: 'operator',
  state: 'ended',
  phase: 'outcome',
  outcome: 'failed',
  exit_code: 72,
  requested_at: at(0),
  duration_ms: 30_000,
  detail: 'It stopped and did not start: timeout waiting on systemd.',
  phases: [
    { phase: 'preflight', at: at(1) },
    { phase: 'stop', at: at(8) },
    { phase: 'start', at: at(20) },
  ],
  forensics: true,
  result: {
    verb: 'cycle',
    exit_code: 72,
    stdout: 'terminating now with SIGTERM\n',
    stderr: '',
    rejected: false,
    outcome: 'failed',
    op: 'f'.repeat(32),
    duration_ms: 30_000,
  },
}
const looked: Operation = {
  op: 'e'.repeat(32),
  verb: 'forensics',
  by: 'operator',
  state: 'ended',
  phase: 'outcome',
  outcome: 'done',
  exit_code: 0,
  requested_at: '2026-11-26T23:00:00.000Z',
  duration_ms: 5_000,
  result: {
    verb: 'forensics',
    exit_code: 0,
    stdout: report,
    stderr: '',
    rejected: false,
    outcome: 'done',
    op: 'e'.repeat(32),
    duration_ms: 5_000,
  },
}

const history = (page: Page) => page.getByRole('list', { name: 'Operations, newest first' })
const row = (page: Page, words: string) => history(page).getByRole('listitem').filter({ hasText: words })
const reportOn = (page: Page) => page.getByRole('region', { name: 'Forensics report' })

test('the sheet leads to the page, which has what was done, newest first', async ({ page, server }) => {
  await server.api('POST', '/api/vms/demo/forensics', {})
  await server.api('POST', '/api/vms/demo/reset', {})
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.dialog.getByRole('link', { name: 'History and details' }).tap()
  await expect(page).toHaveURL('/vm/demo')
  await expect(sheet.dialog).toBeHidden()
  await expect(page.getByRole('banner').getByText('DEMO', { exact: true })).toBeVisible()
  await expect(history(page).locator('> li').nth(0)).toContainText('Reset done')
  await expect(history(page).locator('> li').nth(1)).toContainText('Forensics done')
  await page.getByRole('link', { name: 'Back' }).tap()
  await expect(page).toHaveURL(/\/session\//)
})

test('an operation that was done unfolds to its output, and the real report can be read', async ({
  page,
  server,
}) => {
  await server.api('POST', '/api/vms/demo/forensics', {})
  await page.goto('/vm/demo')
  await row(page, 'Forensics done').first().locator('summary').first().tap()
  await expect(reportOn(page)).toBeVisible()
  await expect(reportOn(page)).toContainText('VM 100: nothing is seen to be wrong')
  await expect(reportOn(page)).toContainText(/\d+ probes: \d+ ok/)
  await expect(reportOn(page)).not.toContainText('cut off')
})

test('a cycle leaves its phases and the report from before it', async ({ page, server }) => {
  await server.api('POST', '/api/vms/demo/cycle', {})
  await page.goto('/vm/demo')
  const one = row(page, 'Cycle done').first()
  await one.locator('summary').first().tap()
  await expect(one.getByRole('list', { name: 'Phases' })).toContainText(/Power off.*Power on/s)
  await expect(one.getByLabel('Output of Cycle')).toContainText('qm start')
  await one.getByRole('button', { name: 'Forensics kept before it' }).tap()
  await expect(reportOn(page)).toContainText(/\d+ probes: \d+ ok/)
})

test('a report is read by its sentence and probes, copied and saved whole', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await tellOperations(page, [failed, looked])
  await page.goto('/vm/demo')
  await row(page, 'Forensics done').locator('summary').first().tap()
  const shown = reportOn(page)
  await expect(shown).toContainText('The monitor of QEMU is silent.')
  await expect(shown).toContainText('3 probes: 1 ok, 1 failed, 1 without an end')
  const probe = shown.locator('details').filter({ hasText: 'process' })
  await expect(probe.getByText('nfs_file_read')).toBeHidden()
  await probe.locator('summary').tap()
  await expect(probe.getByText('nfs_file_read')).toBeVisible()

  await shown.getByRole('button', { name: 'Copy the report' }).tap()
  await expect(shown.getByRole('button', { name: 'Copied' })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(report)

  const saving = page.waitForEvent('download')
  await shown.getByRole('button', { name: 'Download' }).tap()
  const saved = await saving
  expect(saved.suggestedFilename()).toBe('demo-20261126T230000Z.txt')
  expect(await readFile(await saved.path(), 'utf8')).toBe(report)
})

test('where there is no clipboard a report is copied all the same', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  await tellOperations(page, [looked])
  await page.goto('/vm/demo')
  await row(page, 'Forensics done').locator('summary').first().tap()
  await page.evaluate(() =>
    addEventListener('copy', () => {
      document.title = String(
        document.activeElement instanceof HTMLTextAreaElement && document.activeElement.value,
      )
    }),
  )
  await reportOn(page).getByRole('button', { name: 'Copy the report' }).tap()
  await expect(reportOn(page).getByRole('button', { name: 'Copied' })).toBeVisible()
  expect(await page.title()).toContain('nfs_file_read')
})

test('an operation tells why it ended so, its phases, and the report that was kept before it', async ({
  page,
}) => {
  await tellOperations(page, [failed, looked], report)
  await page.goto('/vm/demo')
  const one = row(page, 'Cycle failed')
  await expect(one).toContainText('It stopped and did not start: timeout waiting on systemd.')
  await expect(one).toContainText('operator')
  await expect(one).toContainText('30 s')
  await one.locator('summary').first().tap()
  await expect(one).toContainText('it is off.')
  const phases = one.getByRole('list', { name: 'Phases' }).getByRole('listitem')
  await expect(phases).toHaveText([
    /done\s*Checks first\s*7 s/,
    /done\s*Power off\s*12 s/,
    /ended here\s*Power on\s*10 s/,
  ])
  await expect(one.getByLabel('Output of Cycle')).toHaveText('terminating now with SIGTERM')
  await one.getByRole('button', { name: 'Forensics kept before it' }).tap()
  await expect(reportOn(page)).toContainText('The monitor of QEMU is silent.')
})

test('a report that the hypervisor cannot be asked for is told so, and asked for again', async ({ page }) => {
  await tellOperations(page, [failed], report)
  const path = `**/api/vms/demo/operations/${failed.op}/forensics`
  await page.route(path, (route) =>
    route.fulfill({
      status: 503,
      json: { detail: 'The hypervisor cannot be asked.', code: 'x', request_id: '' },
    }),
  )
  await page.goto('/vm/demo')
  await row(page, 'Cycle failed').locator('summary').first().tap()
  const read = page.getByRole('button', { name: 'Forensics kept before it' })
  await read.tap()
  await expect(page.getByRole('alert')).toHaveText(
    'The report could not be read. The hypervisor cannot be asked.',
  )
  await page.unroute(path)
  await tellOperations(page, [failed], report)
  await read.tap()
  await expect(reportOn(page)).toBeVisible()
})

const troubled: Partial<Vm> = {
  state: 'running',
  suspect: 'No write for 87 min while the guest burns CPU',
  pending: ['memory: 8192 → 16384', 'cores: 2 → 4'],
  locked: 'backup',
  lock_holder: 'vzdump, process 1234',
  quorum: false,
  ha: true,
  ha_state: 'started',
  agent: 'silent',
  unread: ['storage'],
  carries: ['k8s-2', 'the VPN'],
  hypervisor: { name: 'pve1', reachable: false, failed_leg: 'tcp', checked_at: at(0) },
}

test('all that is known of a VM is told in the sheet and on its page', async ({ page }) => {
  await tellVm(page, troubled)
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await expect(
    sheet.dialog.getByRole('list', { name: 'What else is known' }).getByRole('listitem'),
  ).toHaveCount(3)
  await sheet.dialog.getByText('and 6 more').tap()
  const known = sheet.dialog.getByRole('list', { name: /known/ })
  for (const words of [
    /problem\s*pve1 cannot be reached: no TCP connection/,
    /warning\s*It may be stalled, which is not proved: No write for 87 min/,
    /warning\s*Locked by the hypervisor: backup/,
    /vzdump, process 1234/,
    /no quorum: cycle and start are refused/,
    /Managed by HA \(started\)/,
    /guest agent is silent/,
    /not known\s*Could not be read in time: storage/,
    /2 pending changes: a cycle applies them/,
  ])
    await expect(known.getByRole('listitem').filter({ hasText: words })).toHaveCount(1)
  await expect(sheet.verb('Cycle')).toContainText('applies 2 pending changes')

  await sheet.dialog.getByRole('link', { name: 'History and details' }).tap()
  const pending = page.getByRole('region', { name: '2 pending changes' })
  await expect(pending.getByRole('listitem')).toHaveText(['memory: 8192 → 16384', 'cores: 2 → 4'])
  const details = page.getByRole('region', { name: 'Details' })
  await expect(details).toContainText('pve1, no TCP connection')
  await expect(details).toContainText('k8s-2, the VPN')
  await expect(details).toContainText('backup, held by vzdump, process 1234')
})

test('what a cycle and a reset would meet and cost is read before the gesture, and forbids nothing', async ({
  page,
}) => {
  await tellVm(page, troubled)
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  await sheet.verb('Cycle').tap()
  for (const words of [
    'Unsaved memory of the guest is lost',
    'Would be refused now: locked (backup)',
    'Would be refused now: the cluster has no quorum, so it would stay off',
    'This VM carries k8s-2 and the VPN: you may lose this page. The operation goes on without it.',
    'Applies 2 pending changes.',
    'memory: 8192 → 16384',
    'Goes through HA',
  ])
    await expect(sheet.question).toContainText(words)
  await expect(sheet.hold).toBeEnabled()
  await sheet.question.getByRole('button', { name: 'Not now' }).tap()

  await sheet.verb('Reset').tap()
  await expect(sheet.question).toContainText('Does not apply 2 pending changes: a cycle does.')
  await expect(sheet.question).not.toContainText('quorum')
})

test('however much is wrong, Cycle and Reset stay within reach of a thumb, and so do both answers', async ({
  page,
}) => {
  await tellVm(page, {
    ...troubled,
    wedged: true,
    evidence: 'The monitor of QEMU does not answer: got timeout',
    ha_state: 'error',
    node: 'pve2',
  })
  await SessionScreen.open(page)
  const sheet = await VmSheet.open(page)
  for (const verb of ['Cycle', 'Reset']) {
    await expect(sheet.verb(verb)).toBeInViewport({ ratio: 1 })
    expect((await sheet.verb(verb).boundingBox())?.y).toBeGreaterThan(844 / 3)
  }
  await sheet.verb('Cycle').tap()
  await expect(sheet.hold).toBeInViewport({ ratio: 1 })
  await expect(sheet.question.getByRole('button', { name: 'Not now' })).toBeInViewport({ ratio: 1 })
})

test('what was read long ago is told as of then, and what was never read as not known', async ({ page }) => {
  const details = page.getByRole('region', { name: 'Details' })
  await tellVm(page, { ...troubled, state_at: new Date(Date.now() - 300_000).toISOString() })
  await page.goto('/vm/demo')
  await expect(details).toContainText(/As of 5 min ago/)
  await page.getByRole('button', { name: /^Cycle/ }).tap()
  await expect(page.getByRole('group', { name: /Demo VM\?$/ })).toContainText(
    'Would be refused when last read: locked',
  )
  await tellVm(page, { state: 'unknown', state_at: null, locked: undefined })
  await page.goto('/vm/demo')
  await expect(details).toContainText(/Lock\s*not known/)
})

test('an unfolded operation is read once, however often the list is', async ({ page }) => {
  await tellOperations(page, [failed])
  let lists = 0
  let records = 0
  page.on('request', (request) => {
    const path = new URL(request.url()).pathname
    if (path.endsWith('/operations')) lists++
    if (path.endsWith(failed.op)) records++
  })
  await page.goto('/vm/demo')
  await row(page, 'Cycle failed').locator('summary').first().tap()
  await expect(page.getByLabel('Output of Cycle')).toBeVisible()
  const before = lists
  await expect.poll(() => lists, { timeout: 30_000 }).toBeGreaterThan(before + 1)
  expect(records).toBe(1)
})

test('a VM that is not configured is told as such', async ({ page }) => {
  await page.goto('/vm/no-such')
  await expect(page.getByRole('heading', { name: 'There is no such VM' })).toBeVisible()
})

test('without a connection the page shows what it knew, and says that it is old', async ({
  page,
  server,
}) => {
  await server.api('POST', '/api/vms/demo/forensics', {})
  await page.goto('/vm/demo')
  await expect(row(page, 'Forensics done').first()).toBeVisible()
  await page.route('**/api/**', (route) => route.abort('connectionrefused'))
  await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'History' })).toContainText(/As of .*cannot be reached/)
  await expect(row(page, 'Forensics done').first()).toBeVisible()
  await expect(page.getByRole('button', { name: /^Cycle/ })).toHaveAttribute('aria-disabled', 'true')
})
