import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { parseFrames, toJsonTexts } from '#app/eventlog/frame.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { failedLeg, journalled, scriptedHypervisor } from '../../test/fakes/scriptedHypervisor.ts'
import { PowerService } from './PowerService.ts'

const op = 'a'.repeat(32)
const other = 'b'.repeat(32)
const logger = { warn: vi.fn() }

const cycled = {
  ...{ op, verb: 'cycle', exit_code: 0, outcome: 'done', detail: null },
  ...{ began_at: '2026-11-20T02:00:01Z', ended_at: '2026-11-20T02:00:04Z' },
}

async function withLog(use: (log: SqliteEventLog, kinds: () => Promise<string[]>) => Promise<void>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakglass-journal-'))
  const log = new SqliteEventLog(dataDir)
  const kinds = async () => {
    const { batch } = await log.page('vm:vm1', 0, 100)
    return parseFrames(batch?.frames ?? '').map(({ kind, outcome }) =>
      [kind, outcome].filter(Boolean).join(' '),
    )
  }
  try {
    await use(log, kinds)
  } finally {
    await log.close()
    await rm(dataDir, { recursive: true })
  }
}

const services: PowerService[] = []
afterEach(() => {
  for (const one of services.splice(0)) one.close()
})

function service(log?: EventLog, reaches = true) {
  const far = scriptedHypervisor(reaches)
  const pace = { firstMs: 1, longestMs: 5 }
  const power = new PowerService({ vms: [far.vm], logger, pace, ...(log && { log }) })
  services.push(power)
  return {
    ...far,
    power,
    run: (verb: 'cycle' | 'stop' | 'status' | 'forensics', id = op) =>
      power.run('vm1', verb, { op: id, by: 'operator' }),
  }
}

describe('one mutation at a time', () => {
  it('refuses another op at once, names the running one, and sends nothing', async () => {
    const { run, sent, answer } = service()
    const first = run('cycle')
    expect(await run('stop', other)).toMatchObject({
      ...{ exit_code: null, rejected: true, outcome: 'refused', code: 'busy', op },
      stderr: 'A cycle of VM 1 is running.',
    })
    expect(sent).toEqual([`cycle ${op}`])
    answer('done')
    expect((await first).outcome).toBe('done')
    void run('stop', other)
    expect(sent).toEqual([`cycle ${op}`, `stop ${other}`])
  })

  it('lets status through meanwhile', async () => {
    const { run, sent } = service()
    void run('cycle')
    void run('status', other)
    expect(sent).toEqual([`cycle ${op}`, 'status'])
  })

  it('joins the same op while it runs and replays it afterwards', async () => {
    const { run, sent, answer } = service()
    const both = [run('cycle'), run('cycle')]
    answer('done')
    const [first, second] = await Promise.all(both)
    expect(second).toEqual(first)
    expect(await run('cycle')).toEqual(first)
    expect(sent).toEqual([`cycle ${op}`])
  })

  it('refuses an op that belongs to another verb', async () => {
    const { run, sent, answer } = service()
    const first = run('cycle')
    expect(await run('stop')).toMatchObject({ outcome: 'refused', code: 'conflict' })
    answer('done')
    await first
    expect(await run('stop')).toMatchObject({ outcome: 'refused', code: 'conflict' })
    expect(sent).toEqual([`cycle ${op}`])
  })

  it('is not given up when its caller goes away', async () => {
    const { power, sent, answer } = service()
    const gone = new AbortController()
    const run = power.run('vm1', 'cycle', { op, by: 'operator', signal: gone.signal })
    gone.abort()
    answer('done')
    expect((await run).outcome).toBe('done')
    expect(sent).toHaveLength(1)
  })
})

describe('an op whose end is not certain', () => {
  async function lose(log?: EventLog) {
    const far = service(log)
    const lost = far.run('cycle')
    await far.open()
    far.answer(failedLeg('lost'))
    expect(await lost).toMatchObject({ outcome: 'unknown', exit_code: null, failed_leg: 'lost' })
    return far
  }

  it('is asked for when it is sent again, and answered from the journal', async () => {
    const { run, sent, answer, power } = await lose()
    const both = [run('cycle'), power.run('vm1', 'cycle', { op, by: 'another' })]
    answer(journalled(cycled))
    for (const again of await Promise.all(both)) expect(again.outcome).toBe('done')
    expect(sent).toEqual([`cycle ${op}`, `status ${op}`])
    expect(await power.operations('vm1')).toMatchObject([{ by: 'operator', outcome: 'done' }])
  })

  it('is waited for while it runs', async () => {
    const { run, sent, answer, open } = await lose()
    const again = run('cycle')
    answer(journalled({ op, verb: 'cycle', running: true }))
    await open()
    answer(journalled(cycled))
    expect((await again).outcome).toBe('done')
    expect(sent).toEqual([`cycle ${op}`, `status ${op}`, `status ${op}`])
  })

  it('is sent again only when the hypervisor never heard of it, and stays what it was', async () => {
    const { power, sent, answer, open } = await lose()
    const [before] = await power.operations('vm1')
    const again = power.run('vm1', 'cycle', { op, by: 'another' })
    answer(journalled(null))
    await vi.waitFor(() => expect(sent.at(-1)).toBe(`cycle ${op}`))
    await open()
    answer('done')
    expect((await again).outcome).toBe('done')
    const { by, requested_at } = before ?? {}
    expect(await power.operations('vm1')).toMatchObject([{ by, requested_at, outcome: 'done' }])
  })

  it.each([
    ['ask for it', [failedLeg('tcp')]],
    ['send it', [journalled(null), failedLeg('tcp')]],
  ])('stays unknown where a later try could not %s, and is followed on', (_what, answers) =>
    withLog(async (log) => {
      const { power, run, sent, answer, open } = await lose(log)
      const again = run('cycle')
      for (const one of answers) {
        await open()
        answer(one)
      }
      expect(await again).toMatchObject({
        ...{ outcome: 'unknown', rejected: false, failed_leg: 'tcp' },
        stderr: expect.stringContaining('This try was not sent'),
      })
      const kept = { op, by: 'operator', outcome: 'unknown', state: 'ended' }
      expect(await power.operations('vm1')).toMatchObject([kept])
      await power.flushed()
      expect(await service(log).power.operations('vm1')).toMatchObject([kept])
      await vi.waitFor(() => expect(sent.at(-1)).toBe(`status ${op}`))
      await open()
      answer(journalled(cycled))
      await vi.waitFor(async () => expect(await power.operations('vm1')).toMatchObject([{ outcome: 'done' }]))
      await power.flushed()
    }),
  )

  it('is tried again when nothing was run', async () => {
    const { run, answer } = service()
    const unreachable = run('cycle')
    answer(failedLeg('tcp'))
    expect(await unreachable).toMatchObject({ outcome: 'refused', rejected: true, failed_leg: 'tcp' })
    const again = run('cycle')
    answer('done')
    expect((await again).outcome).toBe('done')
  })
})

describe('operations', () => {
  it('are listed newest first, without bodies, and found with them', async () => {
    const { power, run, answer } = service()
    const first = run('cycle')
    expect(await power.operations('vm1')).toMatchObject([
      { op, verb: 'cycle', by: 'operator', state: 'running', phase: 'dispatched' },
    ])
    answer('done')
    await first
    const second = run('stop', other)
    answer('done')
    await second
    expect((await power.operations('vm1')).map((operation) => operation.op)).toEqual([other, op])
    expect((await power.operations('vm1'))[0]).not.toHaveProperty('result')
    expect(await power.operation('vm1', op)).toMatchObject({ outcome: 'done', result: { stdout: 'ran\n' } })
  })

  it('are kept up to 50', async () => {
    const { power, run, answer } = service()
    for (let number = 0; number < 60; number += 1) {
      const one = run('stop', number.toString(16).padStart(32, '0'))
      answer('done')
      await one
    }
    expect(await power.operations('vm1')).toHaveLength(50)
    expect((await power.operations('vm1'))[0]?.op).toBe((59).toString(16).padStart(32, '0'))
  })

  it('are not told as dispatched before anything was sent', async () => {
    const { power, run } = service(undefined, false)
    void run('cycle')
    expect(await power.operations('vm1')).toMatchObject([{ op, phase: 'requested' }])
  })

  it('of unknown name are asked of the hypervisor, and 404 when it knows none', async () => {
    const { power, sent, answer } = service()
    const asked = power.operation('vm1', op)
    expect(sent).toEqual([`status ${op}`])
    answer(journalled(null))
    await expect(asked).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each<[string, ExecResult, object]>([
    [
      'cannot be reached',
      failedLeg('tcp'),
      { message: expect.stringContaining('It was tcp.'), fields: { failed_leg: 'tcp' } },
    ],
    ['has no script', { ...failedLeg('tcp'), exitCode: 127, stderr: 'not found' }, {}],
  ])('of unknown name are no 404 when the hypervisor %s', async (_what, result, told) => {
    const { power, answer } = service()
    const asked = power.operation('vm1', op)
    answer(result)
    await expect(asked).rejects.toMatchObject({ code: 'hypervisor_unreachable', status: 503, ...told })
  })

  it('that only the hypervisor knows come into the list, and are followed until they have ended', async () => {
    const { power, answer, sent, open } = service()
    const running = power.operation('vm1', op)
    answer(journalled({ op, verb: 'cycle', running: true }))
    expect(await running).toMatchObject({ state: 'running' })
    expect(await power.operations('vm1')).toMatchObject([{ op, verb: 'cycle', state: 'running' }])
    expect(await power.operation('vm1', op)).toMatchObject({ state: 'running' })
    await open()
    expect(sent).toEqual([`status ${op}`, `status ${op}`])
    answer(journalled(cycled))
    await vi.waitFor(async () => expect(await power.operation('vm1', op)).toMatchObject({ state: 'ended' }))
    expect(await power.operation('vm1', op)).toMatchObject({
      state: 'ended',
      outcome: 'done',
      result: { exit_code: 0 },
    })
    expect(await power.operations('vm1')).toMatchObject([{ op, state: 'ended', outcome: 'done' }])
  })

  it('are known after a restart as the log tells them, and not sent again', () =>
    withLog(async (log) => {
      const before = service(log)
      const cycle = before.run('cycle')
      await before.open()
      before.answer('done')
      await cycle
      void before.run('stop', other)
      await before.open()
      await before.power.flushed()

      const again = service(log)
      expect(await again.run('cycle')).toMatchObject({ op, outcome: 'done', exit_code: 0 })
      expect(again.sent.filter((command) => command.includes(op))).toEqual([])

      const { power, sent } = service(log)
      expect(await power.operations('vm1')).toMatchObject([
        { op: other, verb: 'stop', by: 'operator', outcome: 'unknown', exit_code: null },
        { op, verb: 'cycle', by: 'operator', outcome: 'done', exit_code: 0 },
      ])
      expect(sent.filter((command) => command.includes(op))).toEqual([])
      expect(await power.operation('vm1', op)).toMatchObject({ result: { op, outcome: 'done' } })
      expect(sent.filter((command) => command.includes(op))).toEqual([])
    }))

  it('whose end is found later tell it to the log, once', () =>
    withLog(async (log, kinds) => {
      const { power, run, answer, open, sent } = service(log)
      const replica = service(log)
      const lost = run('cycle')
      await open()
      answer(failedLeg('lost'))
      await lost
      await power.flushed()
      // Another replica comes across it in the log, and follows it too.
      await replica.power.list()
      await open()
      answer(journalled(cycled))
      await vi.waitFor(async () =>
        expect(await power.operation('vm1', op)).toMatchObject({ outcome: 'done' }),
      )
      await power.flushed()
      await vi.waitFor(async () => {
        replica.answer(journalled(cycled))
        expect(await replica.power.operation('vm1', op)).toMatchObject({ outcome: 'done' })
      })
      await replica.power.flushed()
      expect(sent).toEqual([`cycle ${op}`, `status ${op}`])
      await power.flushed()
      expect(await kinds()).toEqual(['requested', 'dispatched', 'outcome unknown', 'outcome done'])
    }))
})

describe('forensics', () => {
  it('do not take an op that belongs to a mutation, nor touch its record', async () => {
    const { power, run, sent, answer } = service()
    const cycle = run('cycle')
    expect(await run('forensics')).toMatchObject({ outcome: 'refused', code: 'conflict', rejected: true })
    answer('done')
    await cycle
    expect(await run('forensics')).toMatchObject({ outcome: 'refused', code: 'conflict' })
    expect(await power.operations('vm1')).toMatchObject([{ op, verb: 'cycle', outcome: 'done' }])
    expect(sent).toEqual([`cycle ${op}`])
  })

  it('are made on a connection of their own, so that status does not wait for them', async () => {
    const { power, vm, sent, answer } = service()
    const warm = scriptedHypervisor()
    power.configure([{ ...vm, warm: warm.vm.warm }])
    const report = power.run('vm1', 'forensics', { op, by: 'operator' })
    const status = power.run('vm1', 'status', { op: other, by: 'operator' })
    expect({ fresh: sent, warm: warm.sent }).toEqual({ fresh: [`forensics ${op}`], warm: ['status'] })
    warm.answer('done')
    expect((await status).outcome).toBe('done')
    answer('done')
    expect((await report).outcome).toBe('done')
  })

  it('are made once for all who ask meanwhile, also when the first of them goes away', async () => {
    const { power, run, sent, answer } = service()
    const gone = new AbortController()
    const first = power.run('vm1', 'forensics', { op, by: 'operator', signal: gone.signal })
    const second = run('forensics', other)
    gone.abort()
    expect(await first).toMatchObject({ failed_leg: 'cancelled', exit_code: null })
    answer('done')
    expect(await second).toMatchObject({ op, outcome: 'done' })
    expect(sent).toEqual([`forensics ${op}`])
    void run('forensics', other)
    expect(sent).toEqual([`forensics ${op}`, `forensics ${other}`])
  })
})

it('keeps what it saw of a VM whose place did not change when its VMs are configured anew', async () => {
  const { vm, sent, answer } = scriptedHypervisor()
  const power = new PowerService({ vms: [vm], logger, now: () => new Date(0) })
  const seen = power.list()
  answer(journalled(null))
  expect(await seen).toMatchObject([{ state: 'running' }])
  power.configure([{ ...vm, title: 'Renamed' }])
  expect(await power.list()).toMatchObject([{ title: 'Renamed', state: 'running' }])
  expect(sent).toEqual(['status'])
  const moved = scriptedHypervisor()
  power.configure([moved.vm])
  void power.list()
  expect(moved.sent).toEqual(['status'])
})

it('keeps what runs when its VMs are configured anew', async () => {
  const { power, vm, run, answer } = service()
  const running = run('cycle')
  power.configure([
    { ...scriptedHypervisor().vm, name: 'vm0' },
    { ...vm, title: 'Renamed' },
  ])
  expect(power.defaultVm).toBe('vm0')
  expect(await run('stop', other)).toMatchObject({ code: 'busy', op })
  answer('done')
  await running
  expect(await power.operations('vm1')).toMatchObject([{ op, outcome: 'done' }])
  power.configure([])
  expect(power.defaultVm).toBeUndefined()
  expect(() => power.assertVm('vm1')).toThrow('There is no VM')
})

it('tells its log what was asked for, sent, printed and came of it', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakglass-journal-'))
  const log = new SqliteEventLog(dataDir)
  const { power, run, answer, open } = service(log)
  const cycle = run('cycle')
  await open()
  answer('done')
  await cycle
  await power.flushed()
  const { batch } = await log.page('vm:vm1', 0, 100)
  const events = toJsonTexts(batch?.frames ?? '').map(
    (text) => JSON.parse(text) as { kind: string; op: string },
  )
  expect(events.map(({ kind }) => kind)).toEqual(['requested', 'dispatched', 'outcome'])
  expect(events[0]).toMatchObject({ id: 1, op, verb: 'cycle', by: 'operator' })
  expect(events[2]).toMatchObject({ id: 3, op, outcome: 'done', exit_code: 0 })
  await log.close()
  await rm(dataDir, { recursive: true })
})

it.each<[string, () => Promise<never>]>([
  ['throws', () => Promise.reject(new Error('gone'))],
  ['hangs', () => new Promise<never>(() => undefined)],
])('needs no log: works while that %s', async (_what, broken) => {
  const log = { head: broken, append: broken } as unknown as EventLog // what a journal calls
  const { run, answer, open } = service(log)
  const status = run('status', other)
  answer('done')
  expect((await status).outcome).toBe('done')
  const cycle = run('cycle')
  await open()
  answer('done')
  expect((await cycle).outcome).toBe('done')
})
