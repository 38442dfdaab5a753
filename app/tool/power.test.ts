import { expect, it } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { Mode } from '#app/policy/Classified.ts'
import type { PowerResult } from '#app/schema/api.ts'
import { powerTool, type PowerDeps, type PowerInput } from './power.ts'

const context = { sessionId: 's', call: 'c', target: 'devvm', operator: 'operator' }
const vms = [
  { name: 'db', title: 'Database', targets: ['db'] },
  { name: 'dev', title: 'Dev VM', targets: ['devvm'] },
]
const answer: PowerResult = {
  ...{ verb: 'cycle', exit_code: 0, stdout: 'ran', stderr: '', rejected: false, outcome: 'done' },
  ...{ op: 'a'.repeat(32), duration_ms: 12 },
}

function power(run: (() => Promise<PowerResult>) | Partial<PowerResult> = {}, mode: Mode = 'ask') {
  const asked: { vm: string; verb: string; op: string; by: string }[] = []
  const deps: PowerDeps = {
    power: {
      run(vm, verb, { op, by }) {
        asked.push({ vm, verb, op, by })
        return typeof run === 'function' ? run() : Promise.resolve({ ...answer, ...run })
      },
    },
    vms: () => vms.map((vm) => ({ ...vm, leadsTo: 'pve1' })),
    modeOf: () => mode,
  }
  const tool = powerTool(deps)
  const run_ = async (input: PowerInput, signal = new AbortController().signal, call = 'c') => {
    const prepared = await tool.prepare(input, { ...context, call })
    return await prepared.run({
      signal,
      write: () => undefined,
      ask: () => Promise.reject(new Error('asked')),
    })
  }
  return { asked, tool, run: run_ }
}

it.each(['status', 'forensics'] as const)('%s only looks', async (verb) => {
  const { tool } = power({}, 'read-only')
  expect(await tool.prepare({ verb }, context)).toMatchObject({
    ...{ action: `${verb} dev`, target: 'dev', verdict: { type: 'read' } },
  })
})

it.each([
  ['reset', 'destructive'],
  ['stop', 'destructive'],
  ['cycle', 'destructive'],
  ['start', 'medium'],
] as const)('%s is asked for, also where the target is autonomous', async (verb, risk) => {
  for (const mode of ['ask', 'autonomous'] as const) {
    const { verdict } = await power({}, mode).tool.prepare({ verb }, context)
    expect(verdict).toMatchObject({
      type: 'ask',
      risk,
      readBack: true,
      why: expect.stringContaining('Dev VM'),
    })
    expect(verdict).toHaveProperty('undo')
  }
})

it('leaves a VM alone whose target is read-only', async () => {
  const { tool, run, asked } = power({}, 'read-only')
  const { verdict } = await tool.prepare({ verb: 'stop' }, context)
  expect(verdict).toEqual({
    type: 'deny',
    why: 'Dev VM holds the target devvm, which is read-only for agents.',
  })
  await run({ verb: 'stop' })
  expect(asked).toEqual([])
})

it("takes the VM of the session's target, or the one that is named", async () => {
  const { tool } = power()
  expect(await tool.prepare({ verb: 'cycle' }, context)).toMatchObject({ action: 'cycle dev' })
  expect(await tool.prepare({ verb: 'cycle', vm: 'db' }, context)).toMatchObject({ action: 'cycle db' })
})

it('never guesses a VM', async () => {
  const { tool, run, asked } = power()
  const { verdict } = await tool.prepare({ verb: 'cycle' }, { ...context, target: 'gpu1' })
  expect(verdict).toEqual({ type: 'read' })
  const failure = 'There is no VM "x". There are: db, dev.'
  expect(await run({ verb: 'cycle', vm: 'x' })).toMatchObject({ exitCode: null, failedLeg: 'name', failure })
  expect(asked).toEqual([])
})

it('asks in the name of the operator, with an op that follows from the call alone', async () => {
  const { asked, run } = power()
  await run({ verb: 'cycle' })
  await run({ verb: 'cycle' })
  await run({ verb: 'cycle' }, undefined, 'another')
  expect(asked).toMatchObject([{ vm: 'dev', verb: 'cycle', by: 'operator' }, {}, {}])
  const [first, again, other] = asked.map(({ op }) => op)
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

it.each<[string, Partial<PowerResult>, object]>([
  ['done', {}, { exitCode: 0, stdout: 'ran' }],
  ['failed', { outcome: 'failed', exit_code: 70, stderr: 'no' }, { exitCode: 70, stderr: 'no' }],
  [
    'refused',
    { outcome: 'refused', rejected: true, exit_code: null, code: 'busy', stderr: 'A stop is running.' },
    { exitCode: null, failedLeg: 'command', failure: 'A stop is running.' },
  ],
  [
    'refused on the way',
    { outcome: 'refused', rejected: true, exit_code: null, failed_leg: 'tcp' },
    { exitCode: null, failedLeg: 'tcp' },
  ],
  ['unknown', { outcome: 'unknown', exit_code: null }, { exitCode: null, failedLeg: 'lost' }],
  ['unknown with a code', { outcome: 'unknown', exit_code: 70 }, { exitCode: null, failedLeg: 'lost' }],
])('tells an end that is %s', async (_, result, expected) => {
  expect(await power(result).run({ verb: 'cycle' })).toMatchObject(expected)
})

it('says of an unknown end that it may have run', async () => {
  const lost = { outcome: 'unknown', exit_code: null, stderr: 'The connection broke.\n' } as const
  const { failure } = await power(lost).run({ verb: 'cycle' })
  expect(failure).toMatch(/^The connection broke\.\nHow the cycle ended is unknown .* it may have run\./)
  expect((await power({ ...lost, verb: 'status' }).run({ verb: 'status' })).failure).toBe(lost.stderr)
})

it('does not hold a cancel up: what was asked for goes on, its end unknown', async () => {
  const cancel = new AbortController()
  const { run } = power(() => {
    cancel.abort()
    return new Promise(() => undefined)
  })
  const result = await run({ verb: 'cycle' }, cancel.signal)
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
  expect(result.failure).toContain('it goes on, and its end is unknown')
})

it('asks for nothing after a cancel', async () => {
  const { run, asked } = power()
  expect(await run({ verb: 'cycle' }, AbortSignal.abort())).toMatchObject({ failedLeg: 'cancelled' })
  expect(asked).toEqual([])
})

it('tells a VM that has gone meanwhile, and hides no mistake of our own', async () => {
  const gone = power(() => Promise.reject(new AppError('not_found', 'There is no VM "dev".')))
  expect(await gone.run({ verb: 'status' })).toMatchObject({
    failedLeg: 'name',
    failure: 'There is no VM "dev".',
  })
  await expect(power(() => Promise.reject(new TypeError('ours'))).run({ verb: 'status' })).rejects.toThrow(
    'ours',
  )
})
