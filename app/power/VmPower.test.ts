import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseFrames } from '#app/eventlog/frame.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { Operation, Vm } from '#app/schema/api.ts'
import { failedLeg, journalled, scriptedHypervisor } from '../../test/fakes/scriptedHypervisor.ts'
import { PowerService, type PowerServiceDeps } from './PowerService.ts'

const op = 'a'.repeat(32)
const logger = { warn: vi.fn() }
const at = '2026-11-20T02:00:01Z'
const cycled = {
  ...{ op, verb: 'cycle', exit_code: 0, outcome: 'done', detail: null, forensics: true },
  ...{ began_at: at, ended_at: '2026-11-20T02:00:04Z' },
}
/** So quick that a test waits for what happens, not for the time. */
const pace = { firstMs: 1, longestMs: 5, graceMs: 20, endMs: 60_000 }

let services: PowerService[] = []
afterEach(() => {
  for (const one of services) one.close()
  services = []
})

function service(deps: Partial<PowerServiceDeps> = {}) {
  const far = scriptedHypervisor()
  const power = new PowerService({ vms: [far.vm], logger, pace, ...deps })
  services.push(power)
  const run = (verb: 'cycle' | 'stop' | 'status', id = op) =>
    power.run('vm1', verb, { op: id, by: 'operator' })
  /** Runs a cycle whose connection breaks. */
  const lose = async () => {
    const lost = run('cycle')
    far.answer(failedLeg('lost'))
    expect(await lost).toMatchObject({ outcome: 'unknown' })
  }
  const asked = (times: number) =>
    vi.waitFor(() => expect(far.sent.filter((one) => one === `status ${op}`)).toHaveLength(times))
  const last = async () => (await power.operations('vm1')).find((one) => one.op === op)
  return { ...far, power, run, lose, asked, last }
}

describe('an unknown end', () => {
  it('is looked up by itself: while the operation runs, until it has ended, and never sent again', async () => {
    const ends: (Operation & { resolved: boolean })[] = []
    const { lose, asked, answer, last, sent } = service({
      onEnd: (_vm, operation, resolved) => ends.push({ ...operation, resolved }),
    })
    await lose()
    await asked(1)
    answer(failedLeg('tcp'))
    await asked(2)
    answer(journalled({ op, verb: 'cycle', running: true }))
    await vi.waitFor(async () => expect(await last()).toMatchObject({ state: 'running', by: 'operator' }))
    await asked(3)
    answer(journalled(cycled))
    await vi.waitFor(async () =>
      expect(await last()).toMatchObject({ state: 'ended', outcome: 'done', forensics: true }),
    )
    expect(sent.filter((one) => one.startsWith('cycle'))).toHaveLength(1)
    expect(ends.map(({ outcome, resolved }) => [outcome, resolved])).toEqual([
      ['unknown', false],
      ['done', true],
    ])
  })

  it.each([
    ['that never heard of it', null, /no record of it/],
    ['that lost it', { op, verb: 'cycle', outcome: 'unknown' }, /died before its end/],
  ])('stays unknown with a hypervisor %s, and says so', async (_what, journal, sentence) => {
    const { lose, answer, last, sent } = service()
    await lose()
    await vi.waitFor(async () => {
      answer(journalled(journal))
      expect(await last()).toMatchObject({ outcome: 'unknown', detail: expect.stringMatching(sentence) })
    })
    expect(sent.filter((one) => one.startsWith('cycle'))).toHaveLength(1)
  })

  it('is given up in the end where the hypervisor stays away, and says so', async () => {
    const { lose, answer, last } = service({ pace: { ...pace, endMs: 30 } })
    await lose()
    await vi.waitFor(async () => {
      answer(failedLeg('tcp'))
      expect(await last()).toMatchObject({ detail: expect.stringMatching(/could not be asked/) })
    })
  })

  it('is not asked for once the same op is sent again', async () => {
    const { lose, asked, run, answer, sent, last } = service()
    await lose()
    await asked(1)
    const again = run('cycle')
    answer(journalled(null))
    await vi.waitFor(() => expect(sent).toHaveLength(3))
    answer('done')
    expect(await again).toMatchObject({ outcome: 'done' })
    expect(sent).toEqual([`cycle ${op}`, `status ${op}`, `cycle ${op}`])
    expect(await last()).toMatchObject({ outcome: 'done' })
  })
})

describe('with a log', () => {
  let dataDir: string
  let log: SqliteEventLog
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'breakglass-journal-'))
    log = new SqliteEventLog(dataDir)
  })
  afterEach(async () => {
    await log.close()
    await rm(dataDir, { recursive: true })
  })
  const events = async () => {
    const { batch } = await log.page('vm:vm1', 0, 100)
    return parseFrames(batch?.frames ?? '')
  }

  it('tells the steps as they come and keeps them, also for who starts later', async () => {
    const { power, run, print, answer, last, open } = service({ log })
    const cycle = run('cycle')
    await open()
    print(`@phase preflight ${at}\n@phase forensics ${at}\n`)
    expect(await last()).toMatchObject({ phase: 'forensics', state: 'running' })
    print(`@phase stop ${at}\nqm stop 102\n@phase start ${at}\n`)
    answer('done')
    await cycle
    await power.flushed()
    expect((await events()).map(({ kind, phase }) => [kind, phase].filter(Boolean).join(' '))).toEqual([
      ...[
        'requested',
        'dispatched',
        'preflight',
        'forensics',
        'phase stop',
        'output',
        'phase start',
        'outcome',
      ],
    ])
    const phases = ['preflight', 'forensics', 'stop', 'start'].map((phase) => ({ phase, at }))
    expect(await last()).toMatchObject({ phase: 'outcome', phases })
    expect(await service({ log }).last()).toMatchObject({ outcome: 'done', phases })
  })

  it('an end that it does not tell is found out after a restart, and told', async () => {
    const before = service({ log })
    void before.run('cycle')
    await before.power.flushed()
    before.power.close()

    const { power, asked, answer, sent } = service({ log, pollEveryMs: 60_000 })
    await vi.waitFor(() => expect(sent).toContain(`status ${op}`))
    // The poll reads the VM, too: each question gets the same answer.
    sent.forEach(() => answer(journalled(cycled)))
    await asked(1)
    await vi.waitFor(async () => {
      answer(journalled(cycled))
      expect((await power.operations('vm1'))[0]).toMatchObject({ by: 'operator', outcome: 'done' })
    })
    await power.flushed()
    expect((await events()).at(-1)).toMatchObject({ kind: 'outcome', op, outcome: 'done', resolved: true })
    // Whoever starts next has nothing left to find out.
    const next = service({ log })
    expect(await next.last()).toMatchObject({ outcome: 'done' })
  })
})

describe('the report from before an operation', () => {
  const kept = async (end: object) => {
    const far = service()
    const cycle = far.run('cycle')
    const line = JSON.stringify({ op, verb: 'cycle', exit_code: 0, outcome: 'done', detail: null, ...end })
    far.answer({ exitCode: 0, stdout: `${line}\n`, stderr: '', truncated: false, durationMs: 5 })
    await cycle
    return far
  }
  const report = (stdout: string, isKept = true) => {
    const end = {
      ...{ op, verb: 'forensics', exit_code: 0, outcome: 'done', detail: null },
      ...(isKept && { forensics: true }),
    }
    return { ...failedLeg('tcp'), exitCode: 0, stdout: `${stdout}${JSON.stringify(end)}\n` }
  }

  it('is asked of the hypervisor', async () => {
    const { power, answer, sent } = await kept({ forensics: true })
    const asked = power.forensics('vm1', op)
    await vi.waitFor(() => expect(sent.at(-1)).toBe(`forensics ${op}`))
    const { failedLeg: _leg, failure: _failure, ...fine } = report('VM 102: running.\n')
    answer(fine)
    expect(await asked).toBe('VM 102: running.\n')
  })

  it('is not one that a hypervisor which has forgotten the operation makes of now', async () => {
    const { power, answer, sent } = await kept({ forensics: true })
    const asked = power.forensics('vm1', op)
    await vi.waitFor(() => expect(sent.at(-1)).toBe(`forensics ${op}`))
    const { failedLeg: _leg, failure: _failure, ...ofNow } = report('VM 102: running.\n', false)
    answer(ofNow)
    await expect(asked).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is not asked for where none was made: the hypervisor would make one of now', async () => {
    const { power, sent } = await kept({ forensics: false })
    await expect(power.forensics('vm1', op)).rejects.toMatchObject({ code: 'not_found' })
    expect(sent).toEqual([`cycle ${op}`])
  })

  it('says so when the hypervisor that keeps it is away', async () => {
    const { power, answer, sent } = await kept({ forensics: true })
    const asked = power.forensics('vm1', op)
    await vi.waitFor(() => expect(sent).toHaveLength(2))
    answer(failedLeg('tcp'))
    await expect(asked).rejects.toMatchObject({
      code: 'hypervisor_unreachable',
      fields: { failed_leg: 'tcp' },
    })
  })
})

describe('changes', () => {
  it('are told once each: reached, read, running, its steps, ended', async () => {
    const told: Vm[] = []
    const { run, answer, print } = service({ onChange: (vm) => told.push(vm) })
    const status = run('status', 'b'.repeat(32))
    answer(journalled(null))
    await status
    const again = run('status', 'c'.repeat(32))
    answer(journalled(null))
    await again
    expect(told.at(-1)).toMatchObject({ vm: 'vm1', state: 'running', hypervisor: { reachable: true } })
    const seen = told.length
    const cycle = run('cycle')
    print(`@phase stop ${at}\n`)
    answer('done')
    await cycle
    expect(told.slice(seen).map(({ busy, last_operation }) => [busy, last_operation?.phase])).toEqual([
      ...[
        [op, 'requested'],
        [op, 'dispatched'],
        [op, 'stop'],
      ],
      [undefined, 'outcome'],
    ])
  })

  it('are told of all that is shown, not of what only counts on, and whole', async () => {
    const told: Vm[] = []
    const { run, answer, lose, asked } = service({ onChange: (vm) => told.push(vm) })
    const read = async (id: string, fields: object) => {
      const status = run('status', id.repeat(32))
      answer(journalled(null, fields))
      await status
    }
    await read('b', { locked: 'backup', suspect: 'Nothing moved for 65 s.', uptime_s: 10 })
    await read('c', { locked: 'backup', suspect: 'Nothing moved for 70 s.', uptime_s: 15 })
    expect(told).toHaveLength(1)
    await read('d', { locked: 'backup', quorum: false })
    expect(told).toHaveLength(2)
    expect(told.at(-1)).toMatchObject({ locked: 'backup', quorum: false })
    await lose()
    await asked(1)
    answer(journalled(cycled, { state: 'stopped' }))
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ state: 'stopped' }))
    expect(told.find(({ state }) => state === 'stopped')).toMatchObject({
      last_operation: { outcome: 'done' },
    })
  })

  it('of a hypervisor are told for each of its VMs', async () => {
    const told: string[] = []
    const [far, alike, elsewhere] = [scriptedHypervisor(), scriptedHypervisor(), scriptedHypervisor()]
    const { power } = service({
      vms: [far.vm, { ...alike.vm, name: 'vm2' }, { ...elsewhere.vm, name: 'vm3', hypervisor: 'pve2' }],
      onChange: ({ vm, hypervisor }) => told.push(`${vm} ${String(hypervisor?.reachable)}`),
    })
    const status = power.run('vm2', 'status', { op, by: 'operator' })
    alike.answer(failedLeg('tcp'))
    await status
    expect(told).toEqual(['vm1 false', 'vm2 false'])
    expect(power.last('vm1')?.hypervisor).toMatchObject({ failed_leg: 'tcp', detail: 'It was tcp.' })
    expect(power.last('vm3')?.hypervisor).toMatchObject({ name: 'pve2', reachable: null })
  })

  it('cost no operation when who listens throws', async () => {
    const listener = () => {
      throw new Error('ours')
    }
    const { run, answer } = service({ onChange: listener, onEnd: listener })
    const cycle = run('cycle')
    answer('done')
    expect(await cycle).toMatchObject({ outcome: 'done' })
    expect(logger.warn).toHaveBeenCalled()
  })
})

it('reads by itself only where it is asked to, and no more once it is closed', async () => {
  const idle = service()
  const { sent, answer, power } = service({ pollEveryMs: 20 })
  await vi.waitFor(() => {
    answer(journalled(null))
    expect(sent.length).toBeGreaterThan(2)
  })
  expect(new Set(sent)).toEqual(new Set(['status']))
  expect(idle.sent).toEqual([])
  power.close()
  answer(journalled(null))
  const before = sent.length
  const other = service({ pollEveryMs: 20 })
  await vi.waitFor(() => {
    other.answer(journalled(null))
    expect(other.sent.length).toBeGreaterThan(3)
  })
  expect(sent).toHaveLength(before)
})

it('does not read twice at once, nor keeps a mutation waiting for a reading that hangs', async () => {
  const { power, run, sent, vm, answer } = service()
  const warm = scriptedHypervisor()
  power.configure([{ ...vm, warm: warm.vm.warm }])
  void power.list()
  void run('status', 'b'.repeat(32))
  expect(warm.sent).toEqual(['status'])
  const cycle = run('cycle')
  expect(sent).toEqual([`cycle ${op}`])
  answer('done')
  expect(await cycle).toMatchObject({ outcome: 'done' })
})
