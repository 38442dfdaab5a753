import { describe, expect, test, vi } from 'vitest'
import type { Operation, PowerResult } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import type { Answer } from '#ui/api/request.ts'
import { VmControl } from './VmControl.svelte.ts'

const done = (op: string): PowerResult => ({
  verb: 'cycle',
  exit_code: 0,
  stdout: 'gone',
  stderr: '',
  rejected: false,
  outcome: 'done',
  op,
  duration_ms: 4_000,
})
const ok = <T>(value: T): Answer<T> => ({ ok: true, value, status: 200 })
const offline: Answer<never> = { ok: false, failure: { kind: 'offline', detail: 'No answer.' } }
const refused = (status: number, code = 'x'): Answer<never> => ({
  ok: false,
  failure: { kind: 'refused', status, code, detail: 'No.', requestId: '', fields: {} },
})
const record = (op: string, state: Operation['state']): Operation => ({
  op,
  verb: 'cycle',
  by: 'anna',
  state,
  phase: 'stop',
  requested_at: '2026-11-20T02:51:07.000Z',
  ...(state === 'ended' ? { result: done(op) } : {}),
})
const unknown = (op: string): PowerResult => ({ ...done(op), exit_code: null, outcome: 'unknown' })
const recordUnknown = (op: string): Operation => ({ ...record(op, 'ended'), result: unknown(op) })
const missing = refused(404, 'not_found')

function desk(
  operations: (op: string) => Answer<Operation>[] = () => [],
  pause: (ms: number) => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
) {
  let queue: Answer<Operation>[] | null = null
  const runVerb = vi.fn<Api['runVerb']>()
  const operation = vi.fn<Api['operation']>((_, op) => {
    queue ??= operations(op)
    return Promise.resolve(queue.length > 1 ? queue.shift()! : (queue[0] ?? offline)) // the last one repeats
  })
  const onChange = vi.fn()
  const clock = { ms: 0 }
  // Only the two calls that a control makes.
  const api = { runVerb, operation } as unknown as Api
  const control = new VmControl({
    vm: 'demo',
    api,
    onChange,
    now: () => clock.ms,
    pause: (ms) => {
      clock.ms += ms
      return pause(ms)
    },
  })
  return { control, runVerb, operation, onChange, clock }
}

/** Chooses cycle and makes the gesture; the op that was confirmed. */
function cycle(control: VmControl): string {
  control.choose('cycle')
  if (control.run.step !== 'confirm') throw new Error('a mutating verb must be confirmed')
  const { op } = control.run
  control.confirm(op)
  return op
}

test('a reading verb runs at once', async () => {
  const { control, runVerb } = desk()
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(done(op))))
  control.choose('status')
  await vi.waitFor(() => expect(control.look.step).toBe('ended'))
  expect(runVerb).toHaveBeenCalledWith('demo', 'status', expect.stringMatching(/^[0-9a-f]{32}$/))
})

test('a mutating verb waits for its confirmation, and leaving it runs nothing', () => {
  const { control, runVerb } = desk()
  control.choose('cycle')
  expect(control.run).toMatchObject({ step: 'confirm', verb: 'cycle' })
  control.leave()
  control.confirm('a'.repeat(32))
  expect(runVerb).not.toHaveBeenCalled()
})

test('a gesture that is made twice runs once, under the op of the confirmation', async () => {
  const { control, runVerb, onChange } = desk()
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(done(op))))
  const op = cycle(control)
  control.confirm(op)
  control.choose('reset')
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'done' } }),
  )
  expect(runVerb).toHaveBeenCalledOnce()
  expect(onChange).toHaveBeenCalledOnce()
})

test.each([
  ['the answer is lost', offline],
  ['a proxy answers in its place', refused(504)],
])('when %s the record is read until it is known, and nothing is sent again', async (_, lost) => {
  const { control, runVerb, operation } = desk((op) => [
    offline,
    ok(record(op, 'running')),
    ok(record(op, 'ended')),
  ])
  runVerb.mockResolvedValue(lost)
  const op = cycle(control)
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'done' } }),
  )
  expect(runVerb).toHaveBeenCalledOnce()
  expect(operation).toHaveBeenCalledTimes(3)
})

test('an operation of which there is no record stays unknown', async () => {
  const { control, runVerb } = desk(() => [missing])
  runVerb.mockResolvedValue(offline)
  cycle(control)
  await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'untold' }))
  expect(runVerb).toHaveBeenCalledOnce()
})

test('reading a record has an end', async () => {
  const { control, runVerb, operation } = desk(() => [offline])
  runVerb.mockResolvedValue(offline)
  cycle(control)
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'untold', detail: 'Its record could not be read.' }),
  )
  expect(operation.mock.calls.length).toBeLessThan(500)
})

test('a record that is asked for in vain, 20 s each time, is given up after minutes and not after an hour', async () => {
  const { control, runVerb, operation, clock } = desk()
  operation.mockImplementation(() => {
    clock.ms += 20_000
    return Promise.resolve(offline)
  })
  runVerb.mockResolvedValue(offline)
  cycle(control)
  await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'untold' }))
  expect(clock.ms).toBeLessThan(10 * 60_000)
})

test('a phone that slept through the time asks again before it gives up', async () => {
  const { control, runVerb, operation, clock } = desk()
  runVerb.mockResolvedValue(offline)
  operation.mockImplementationOnce(() => {
    clock.ms += 3_600_000
    return Promise.resolve(offline)
  })
  operation.mockImplementation((_, op) => Promise.resolve(ok(record(op, 'ended'))))
  cycle(control)
  await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' } }))
})

describe('while contact with an operation is lost', () => {
  async function lost() {
    const answers: PromiseWithResolvers<Answer<Operation>>[] = []
    const made = desk()
    made.runVerb.mockImplementation((_, verb, op) =>
      Promise.resolve(verb === 'cycle' ? offline : ok({ ...done(op), verb })),
    )
    made.operation.mockImplementation(() => {
      const answer = Promise.withResolvers<Answer<Operation>>()
      answers.push(answer)
      return answer.promise
    })
    const op = cycle(made.control)
    await vi.waitFor(() => expect(made.control.run).toMatchObject({ step: 'running', lost: true }))
    return { ...made, op, answers }
  }

  test('waiting can be stopped: nothing is claimed, and another verb can be chosen', async () => {
    const { control, op } = await lost()
    control.stopWaiting(op)
    expect(control.run).toMatchObject({ step: 'untold', op })
    control.choose('cycle')
    expect(control.run.step).toBe('confirm')
  })

  test('what is only lost from sight is not stopped by the name of another', async () => {
    const { control } = await lost()
    control.stopWaiting('f'.repeat(32))
    expect(control.run).toMatchObject({ step: 'running' })
  })

  test('a status runs beside it and takes nothing from it', async () => {
    const { control, op, answers } = await lost()
    control.choose('status')
    await vi.waitFor(() => expect(control.look).toMatchObject({ step: 'ended', verb: 'status' }))
    expect(control.run).toMatchObject({ step: 'running', verb: 'cycle', op })
    for (const answer of answers) answer.resolve(ok(record(op, 'ended')))
    await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', verb: 'cycle' }))
    expect(control.look).toMatchObject({ step: 'ended', verb: 'status' })
  })
})

test('waiting cannot be stopped while there is contact', () => {
  const { control, runVerb } = desk()
  runVerb.mockReturnValue(new Promise(() => undefined))
  const op = cycle(control)
  control.stopWaiting(op)
  expect(control.run).toMatchObject({ step: 'running' })
})

test('a verb that changes the VM clears what was seen before it', async () => {
  const { control, runVerb } = desk()
  runVerb.mockImplementation((_, verb, op) => Promise.resolve(ok({ ...done(op), verb })))
  control.choose('status')
  await vi.waitFor(() => expect(control.look.step).toBe('ended'))
  cycle(control)
  expect(control.look.step).toBe('idle')
})

test('what ended keeps the time at which it was asked for', async () => {
  const { control, runVerb, clock } = desk()
  clock.ms = 1_000
  runVerb.mockImplementation((_, verb, op) => {
    clock.ms = 9_000
    return Promise.resolve(ok({ ...done(op), verb }))
  })
  control.choose('forensics')
  await vi.waitFor(() => expect(control.look).toMatchObject({ step: 'ended', since: 1_000 }))
})

test.each([
  ['the hypervisor cannot be asked', refused(503, 'hypervisor_unreachable')],
  ['a proxy has no such page', refused(404, 'unreadable_answer')],
])('%s: that is no missing record', async (_, failure) => {
  const { control, runVerb } = desk((op) => [...Array(8).fill(failure), ok(record(op, 'ended'))])
  runVerb.mockResolvedValue(offline)
  cycle(control)
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' }, reading: false }),
  )
})

test('an unknown outcome is shown, and its record is read until it is known', async () => {
  const waits: (() => void)[] = []
  const { control, runVerb, operation, onChange } = desk(
    (op) => [ok(recordUnknown(op)), offline, ok(record(op, 'ended'))],
    () => new Promise((resolve) => waits.push(resolve)),
  )
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(unknown(op))))
  const op = cycle(control)
  for (let tries = 1; tries <= 3; tries++) {
    await vi.waitFor(() => expect(waits).toHaveLength(tries))
    expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'unknown' }, reading: true })
    waits[tries - 1]?.()
  }
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'done' }, reading: false }),
  )
  expect(runVerb).toHaveBeenCalledOnce()
  expect(operation).toHaveBeenCalledTimes(3)
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('an outcome that stays unknown is not read for ever', async () => {
  const paused: number[] = []
  const { control, runVerb } = desk(
    (op) => [ok(recordUnknown(op))],
    (ms) => {
      paused.push(ms)
      return Promise.resolve()
    },
  )
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(unknown(op))))
  cycle(control)
  await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', reading: false }))
  expect(control.run).toMatchObject({ result: { outcome: 'unknown' } })
  expect(paused).toEqual(paused.toSorted((a, b) => a - b))
  expect(paused.reduce((sum, ms) => sum + ms)).toBeLessThan(330_000)
})

test('while an unknown outcome is read the VM can be looked at, and both are told', async () => {
  const { control, runVerb, operation } = desk()
  const told = Promise.withResolvers<Answer<Operation>>()
  operation.mockReturnValue(told.promise)
  runVerb.mockImplementation((_, verb, op) =>
    Promise.resolve(ok({ ...(verb === 'cycle' ? unknown(op) : done(op)), verb })),
  )
  const op = cycle(control)
  await vi.waitFor(() => expect(operation).toHaveBeenCalledOnce())
  control.choose('status')
  await vi.waitFor(() => expect(control.look).toMatchObject({ step: 'ended', verb: 'status' }))
  expect(control.run).toMatchObject({ verb: 'cycle', result: { outcome: 'unknown' } })
  told.resolve(ok(record(op, 'ended')))
  await vi.waitFor(() => expect(control.run).toMatchObject({ verb: 'cycle', result: { outcome: 'done' } }))
})

test('a status of which nothing is known is not read for: nothing was changed', async () => {
  const { control, runVerb, operation } = desk()
  runVerb.mockImplementation((_, verb, op) => Promise.resolve(ok({ ...unknown(op), verb })))
  control.choose('status')
  await vi.waitFor(() => expect(control.look).toMatchObject({ step: 'ended', reading: false }))
  expect(operation).not.toHaveBeenCalled()
})

test.each([
  ['its record is found', 'ended'],
  ['it still runs', 'running'],
] as const)('our own operation that was told unknown is taken over when %s', async (_, state) => {
  const { control, runVerb, operation } = desk(() => [missing])
  runVerb.mockResolvedValue(offline)
  const op = cycle(control)
  await vi.waitFor(() => expect(control.run.step).toBe('untold'))
  operation.mockResolvedValueOnce(ok(record(op, state))).mockResolvedValue(ok(record(op, 'ended')))
  await control.adopt(op)
  expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'done' } })
  expect(runVerb).toHaveBeenCalledOnce()
})

test('a confirmation that is opened while a record is asked for stays', async () => {
  const { control } = desk((op) => [ok(record(op, 'running'))])
  const adopted = control.adopt('b'.repeat(32))
  control.choose('cycle')
  await adopted
  expect(control.run.step).toBe('confirm')
})

test('what the server turns away was not sent', async () => {
  const { control, runVerb, operation } = desk()
  runVerb.mockResolvedValue(refused(403))
  cycle(control)
  await vi.waitFor(() => expect(control.run).toEqual({ step: 'not_sent', verb: 'cycle', detail: 'No.' }))
  expect(operation).not.toHaveBeenCalled()
})

test('an operation that was begun elsewhere is followed to its end', async () => {
  const op = 'b'.repeat(32)
  const { control, runVerb } = desk(() => [
    ok(record(op, 'running')),
    ok(record(op, 'running')),
    ok(record(op, 'ended')),
  ])
  await control.adopt(op)
  expect(control.run).toMatchObject({ step: 'ended', op })
  expect(runVerb).not.toHaveBeenCalled()
})

test('a confirmation is not pulled away by an operation that is begun elsewhere', async () => {
  const { control } = desk((op) => [ok(record(op, 'running'))])
  control.choose('cycle')
  await control.adopt('b'.repeat(32))
  expect(control.run.step).toBe('confirm')
})

test('a record without its body still tells its outcome', async () => {
  const op = 'c'.repeat(32)
  const { result: _, ...bare } = record(op, 'ended')
  const { control, runVerb } = desk(() => [ok({ ...bare, outcome: 'failed', exit_code: 1, duration_ms: 9 })])
  runVerb.mockResolvedValue(offline)
  cycle(control)
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({
      step: 'ended',
      result: { outcome: 'failed', exit_code: 1, rejected: false },
    }),
  )
})

describe('while its request waits for an answer', () => {
  const phases = [{ phase: 'preflight', at: '2026-11-20T02:51:08.000Z' }]

  test('its record is read, and tells how far it is', async () => {
    const { control, runVerb } = desk((op) => [missing, ok({ ...record(op, 'running'), phases })])
    const answer = Promise.withResolvers<Answer<PowerResult>>()
    runVerb.mockReturnValue(answer.promise)
    const op = cycle(control)
    await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'running', record: { phases } }))
    expect(control.run).toMatchObject({ lost: false })
    answer.resolve(ok(done(op)))
    await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' } }))
  })

  test('a record that is missing is none that never arrived', async () => {
    const { control, runVerb, operation } = desk(() => [missing])
    const answer = Promise.withResolvers<Answer<PowerResult>>()
    runVerb.mockReturnValue(answer.promise)
    const op = cycle(control)
    await vi.waitFor(() => expect(operation.mock.calls.length).toBeGreaterThan(12))
    expect(control.run).toMatchObject({ step: 'running', lost: false })
    answer.resolve(ok(done(op)))
    await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' } }))
  })

  test('a record that has its end is believed, and the answer changes it no more', async () => {
    const { control, runVerb, onChange } = desk((op) => [ok(record(op, 'ended'))])
    const answer = Promise.withResolvers<Answer<PowerResult>>()
    runVerb.mockReturnValue(answer.promise)
    const op = cycle(control)
    await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' } }))
    answer.resolve(offline)
    await answer.promise
    expect(control.run).toMatchObject({ step: 'ended', op, result: { outcome: 'done' }, resolved: false })
    expect(onChange).toHaveBeenCalledOnce()
  })
})

test('the record of what was answered is read once, for its sentence and phases', async () => {
  const { control, runVerb, operation } = desk((op) => [ok({ ...record(op, 'ended'), detail: 'It runs.' })])
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(done(op))))
  cycle(control)
  await vi.waitFor(() => expect(control.run).toMatchObject({ step: 'ended', record: { detail: 'It runs.' } }))
  expect(operation).toHaveBeenCalledOnce()
})

test('what was unknown and is known now is told as such', async () => {
  const { control, runVerb } = desk((op) => [ok(recordUnknown(op)), ok(record(op, 'ended'))])
  runVerb.mockImplementation((_, __, op) => Promise.resolve(ok(unknown(op))))
  cycle(control)
  await vi.waitFor(() =>
    expect(control.run).toMatchObject({ step: 'ended', result: { outcome: 'done' }, resolved: true }),
  )
})
