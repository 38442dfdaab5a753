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
    ),
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

it('passes over what it does not know, and ends whose beginning was trimmed', () => {
  const end = { kind: 'outcome', op, outcome: 'done', exit_code: 0, duration_ms: 1 }
  expect(foldOperations(stored([{ kind: 'later' }, end, { kind: 'requested', op: 'x' }]))).toEqual([])
})
