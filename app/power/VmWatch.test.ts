import { expect, it } from 'vitest'
import type { PowerResult } from '#app/schema/api.ts'
import { VmWatch } from './VmWatch.ts'

const op = '0'.repeat(32)
const found = (fields: object = {}): PowerResult => ({
  verb: 'status',
  exit_code: 0,
  stdout: JSON.stringify({
    state: 'running',
    qmp: 'answers',
    wedged: false,
    evidence: null,
    locked: null,
    pid: 1,
    uptime_s: 2,
    busy: null,
    read_at: '2026-11-20T03:00:00Z',
    operation: null,
    ...fields,
  }),
  stderr: '',
  rejected: false,
  outcome: 'done',
  op,
  duration_ms: 1,
})
const unreachable: PowerResult = {
  ...found(),
  exit_code: null,
  stdout: '',
  stderr: 'No TCP.',
  outcome: 'refused',
  rejected: true,
}

function watchOver(answers: (PowerResult | Promise<PowerResult>)[]) {
  let time = Date.parse('2026-11-20T03:00:00Z')
  let reads = 0
  const watch = new VmWatch(
    async () => {
      reads += 1
      return await (answers.shift() ?? unreachable)
    },
    () => new Date(time),
  )
  return { watch, reads: () => reads, pass: (ms: number) => (time += ms) }
}

it('reads once for all who look at once, and again when the reading is old', async () => {
  const { watch, reads, pass } = watchOver([found(), found({ state: 'stopped' })])
  const [first, second] = await Promise.all([watch.look(), watch.look()])
  expect(first).toEqual({
    ...{ state: 'running', state_at: '2026-11-20T03:00:00.000Z', wedged: false, uptime_s: 2 },
  })
  expect(second).toEqual(first)
  expect((await watch.look()).state).toBe('running')
  expect(reads()).toBe(1)
  pass(5000)
  expect((await watch.look()).state).toBe('stopped')
})

it('keeps the last reading, with its age and the reason, when the hypervisor cannot be reached', async () => {
  const { watch, pass } = watchOver([
    found({ wedged: true, evidence: 'The monitor.', locked: 'backup' }),
    unreachable,
  ])
  expect(await watch.look()).toMatchObject({ wedged: true, evidence: 'The monitor.', locked: 'backup' })
  pass(60_000)
  expect(await watch.look()).toMatchObject({
    state: 'running',
    state_at: '2026-11-20T03:00:00.000Z',
    evidence: 'The monitor. It could not be read since: No TCP.',
  })
})

it('says why a VM that was never read is unknown', async () => {
  const { watch } = watchOver([unreachable])
  expect(await watch.look()).toEqual({ state: 'unknown', state_at: null, evidence: 'No TCP.' })
})

it('does not wait for a hypervisor that hangs', async () => {
  const { watch } = watchOver([new Promise<PowerResult>(() => undefined)])
  expect(await watch.look()).toMatchObject({ state: 'unknown', state_at: null })
})

it('takes the running op from the hypervisor', async () => {
  const { watch } = watchOver([found({ busy: 'c'.repeat(32) })])
  expect(await watch.look()).toMatchObject({ busy: 'c'.repeat(32) })
})

it('lets who asks meanwhile join the reading that is under way', async () => {
  const { promise, resolve } = Promise.withResolvers<PowerResult>()
  const { watch, reads } = watchOver([promise])
  const both = [watch.read(), watch.read()]
  resolve(found())
  expect(await both[1]).toBe(await both[0])
  expect(reads()).toBe(1)
})

it('reads anew, one after the other, where the VM was acted on since a reading began', async () => {
  const before = Promise.withResolvers<PowerResult>()
  const { watch, reads } = watchOver([before.promise, found({ state: 'stopped' })])
  const first = watch.read()
  watch.invalidate()
  const look = watch.look()
  expect(reads()).toBe(1)
  before.resolve(found())
  await first
  expect(await look).toMatchObject({ state: 'stopped' })
  expect(reads()).toBe(2)
  expect((await watch.look()).state).toBe('stopped')
  expect(reads()).toBe(2)
})

it('does not let the answer to an older question replace a newer one', async () => {
  const { watch } = watchOver([])
  const older = watch.begin()
  watch.invalidate()
  watch.begin()(found({ state: 'stopped' }))
  older(found())
  expect(watch.snapshot.state).toBe('stopped')
})

it('shows all that the hypervisor told, and nothing that it could not read', async () => {
  const told = {
    ...{ suspect: 'Its disk stands still.', lock_holder: 'qmpstatus of process 7', ha: 'started' },
    ...{ quorum: true, node: 'pve2', pending: ['memory: 8192 → 16384'], agent: 'silent' },
    ...{ started_at: '2026-11-20T01:00:00Z', unread: ['storage'] },
  }
  const { watch, pass } = watchOver([
    found(told),
    found({ ha: null, quorum: null, pending: [], unread: ['ha', 'quorum'] }),
    found({ ha: null, agent: 'a word of a later script', unread: [] }),
  ])
  const { ha: _, ...shown } = told
  expect(await watch.look()).toMatchObject({ ...shown, ha: true, ha_state: 'started' })
  pass(5000)
  const unread = await watch.look()
  expect(unread).toMatchObject({ pending: [], unread: ['ha', 'quorum'] })
  for (const field of ['ha', 'ha_state', 'quorum', 'node', 'suspect'])
    expect(unread).not.toHaveProperty(field)
  pass(5000)
  const unmanaged = await watch.look()
  expect(unmanaged).toMatchObject({ ha: false })
  expect(unmanaged).not.toHaveProperty('agent')
  expect(unmanaged).not.toHaveProperty('unread')
})
