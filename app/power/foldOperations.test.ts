import { expect, it } from 'vitest'
import type { NewEvent } from '#app/eventlog/EventLog.ts'
import { foldOperations } from './foldOperations.ts'

const op = 'a'.repeat(32)
const other = 'b'.repeat(32)
const at = '2026-11-20T03:00:00.000Z'
const stored = (events: NewEvent[]) => events.map((event, index) => ({ id: index + 1, at, ...event }))

it('tells who asked for what, and what came of it: an end that is told later corrects an unknown one', () => {
  const end = { kind: 'outcome', op, verb: 'cycle', detail: '' }
  expect(
    foldOperations(
      stored([
        { kind: 'requested', op, verb: 'cycle', by: 'operator' },
        { kind: 'dispatched', op },
        { ...end, outcome: 'unknown', exit_code: null, duration_ms: 5 },
        { kind: 'requested', op: other, verb: 'stop', by: 'laptop' },
        { ...end, outcome: 'done', exit_code: 0, duration_ms: 3000 },
      ]),
    ).operations,
  ).toMatchObject([
    {
      op,
      verb: 'cycle',
      by: 'operator',
      requested_at: at,
      state: 'ended',
      outcome: 'done',
      duration_ms: 3000,
    },
    { op: other, verb: 'stop', by: 'laptop', state: 'ended', outcome: 'unknown', exit_code: null },
  ])
})

it('keeps who asked first, and what may have run, whatever a later try came to', () => {
  const begun = { kind: 'requested', op, verb: 'cycle' }
  const unsent = {
    kind: 'outcome',
    op,
    outcome: 'refused',
    exit_code: null,
    duration_ms: 1,
    failed_leg: 'tcp',
  }
  const end = { kind: 'outcome', op, exit_code: null, duration_ms: 1 }
  const outcomes = (...events: NewEvent[]) => foldOperations(stored(events)).operations
  const first = { ...begun, by: 'operator' }
  const again = { ...begun, by: 'another' }
  const lost = [first, { kind: 'dispatched', op }, { ...end, outcome: 'unknown' }]
  expect(outcomes(...lost, again, unsent)).toMatchObject([{ by: 'operator', outcome: 'unknown' }])
  expect(outcomes(first, { kind: 'dispatched', op }, again, unsent)).toMatchObject([{ outcome: 'unknown' }])
  expect(outcomes(first, unsent)).toMatchObject([{ outcome: 'refused' }])
  expect(outcomes(first, unsent, again, { kind: 'dispatched', op })).toMatchObject([
    { by: 'operator', outcome: 'unknown' },
  ])
  const done = { ...end, outcome: 'done', exit_code: 0 }
  expect(outcomes(first, done, again, { ...end, outcome: 'unknown' })).toMatchObject([{ outcome: 'done' }])
})

it('passes over what it does not know, and ends whose beginning was trimmed', () => {
  const end = { kind: 'outcome', op, outcome: 'done', exit_code: 0, duration_ms: 1 }
  expect(foldOperations(stored([{ kind: 'later' }, end, { kind: 'requested', op: 'x' }]))).toEqual({
    operations: [],
    unresolved: [],
  })
})

it('tells the steps, why it ended so, and the report that is kept', () => {
  const began_at = '2026-11-20T02:59:59Z'
  const end = { kind: 'outcome', op, verb: 'cycle', outcome: 'failed', exit_code: 72, duration_ms: 9 }
  const begun: NewEvent[] = [
    { kind: 'requested', op, verb: 'cycle', by: 'operator' },
    { kind: 'dispatched', op },
    { kind: 'preflight', op, began_at },
    { kind: 'forensics', op },
    { kind: 'phase', op, phase: 'stop', began_at: 'nonsense' },
    { kind: 'preflight', op },
  ]
  const phases = [
    { phase: 'preflight', at: began_at },
    { phase: 'forensics', at },
    { phase: 'stop', at },
  ]
  const cut = foldOperations(stored(begun.slice(0, -1))).operations
  expect(cut).toMatchObject([{ op, phase: 'stop', phases, outcome: 'unknown' }])
  const told = foldOperations(
    stored([...begun, { ...end, detail: 'It is off.', forensics: true }]),
  ).operations
  expect(told).toMatchObject([
    { op, phase: 'outcome', phases, outcome: 'failed', detail: 'It is off.', forensics: true },
  ])
})

it('names what nobody has found out yet: mutations only, and none whose journal had its last word', () => {
  const begun = (id: string, verb: string): NewEvent => ({ kind: 'requested', op: id, verb, by: 'operator' })
  const lost = { kind: 'outcome', outcome: 'unknown', exit_code: null, duration_ms: 1 }
  const cutOff = 'c'.repeat(32)
  const report = 'd'.repeat(32)
  const events = [
    begun(op, 'cycle'),
    begun(other, 'stop'),
    begun(cutOff, 'start'),
    begun(report, 'forensics'),
    { ...lost, op },
    { ...lost, op: other },
    { ...lost, op: other, resolved: true },
  ]
  expect(foldOperations(stored(events)).unresolved).toEqual([op, cutOff])
})
