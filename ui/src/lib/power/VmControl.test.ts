import { expect, test, vi } from 'vitest'
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
const refused = (status: number): Answer<never> => ({
  ok: false,
  failure: { kind: 'refused', status, code: 'x', detail: 'No.', requestId: '', fields: {} },
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

function desk(operations: (op: string) => Answer<Operation>[] = () => []) {
  let queue: Answer<Operation>[] | null = null
  const runVerb = vi.fn<Api['runVerb']>()
  const operation = vi.fn<Api['operation']>((_, op) => {
    queue ??= operations(op)
    return Promise.resolve(queue.length > 1 ? queue.shift()! : (queue[0] ?? offline)) // the last one repeats
  })
  const onChange = vi.fn()
  // Only the two calls that a control makes.
  const api = { runVerb, operation } as unknown as Api
  const control = new VmControl({ vm: 'demo', api, onChange, pause: () => Promise.resolve() })
  return { control, runVerb, operation, onChange }
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
  await vi.waitFor(() => expect(control.run.step).toBe('ended'))
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
  const { control, runVerb } = desk(() => [refused(404)])
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
