import { expect, it } from 'vitest'
import type { Operation } from '#app/schema/api.ts'
import { reconcile } from './reconcile.ts'

const op = 'a'.repeat(32)
const now = '2026-11-20T03:00:00Z'
const known: Operation = {
  op,
  verb: 'cycle',
  by: 'operator',
  state: 'ended',
  phase: 'outcome',
  outcome: 'unknown',
  exit_code: null,
  requested_at: '2026-11-20T02:00:00Z',
}
const end = {
  op,
  verb: 'cycle' as const,
  exit_code: 0,
  outcome: 'done' as const,
  detail: null,
  began_at: '2026-11-20T02:00:01Z',
  ended_at: '2026-11-20T02:00:04Z',
}

it('the journal corrects what was unknown here', () => {
  expect(reconcile(known, end, now)).toMatchObject({
    by: 'operator',
    outcome: 'done',
    exit_code: 0,
    duration_ms: 3000,
  })
})

it('the journal tells an operation that this process never saw', () => {
  expect(reconcile(undefined, end, now)).toMatchObject({
    op,
    verb: 'cycle',
    by: 'unknown',
    state: 'ended',
    outcome: 'done',
    requested_at: end.began_at,
    result: { op, verb: 'cycle', exit_code: 0, outcome: 'done', rejected: false },
  })
})

it('the journal tells what it went through while nobody listened', () => {
  const phases = [
    { phase: 'stop', at: '2026-11-20T02:00:01Z' },
    { phase: 'start', at: '2026-11-20T02:00:03Z' },
  ]
  const listened: Operation = { ...known, phases: phases.slice(0, 1) }
  expect(reconcile(listened, { ...end, phases }, now)).toMatchObject({ outcome: 'done', phases })
  expect(reconcile(listened, { op, verb: 'cycle', running: true, phases }, now)).toMatchObject({
    ...{ phase: 'start', phases },
  })
  // A script that is older tells none.
  expect(reconcile(listened, end, now)).toMatchObject({ phases: listened.phases })
})

it('an operation that still runs on the hypervisor is running', () => {
  const found = reconcile(known, { op, verb: 'cycle', running: true }, now)
  expect(found).toMatchObject({ state: 'running', by: 'operator' })
  expect(found).not.toHaveProperty('outcome')
  expect(found).not.toHaveProperty('detail')
})

it('an end that the hypervisor does not know either stays unknown, without an exit code', () => {
  expect(reconcile(known, { ...end, exit_code: 73, outcome: 'unknown' }, now)).toMatchObject({
    outcome: 'unknown',
    exit_code: null,
  })
  expect(reconcile(known, { op, outcome: 'unknown' }, now)).toBe(known)
  expect(reconcile(known, { op, verb: 'cycle', outcome: 'unknown' }, now)).toMatchObject({
    ...{ by: 'operator', outcome: 'unknown', detail: expect.stringContaining('died before its end') },
  })
})

it('an operation that was begun, and of whose end nobody knows, is told with its verb', () => {
  expect(reconcile(undefined, { op, verb: 'cycle', outcome: 'unknown' }, now)).toMatchObject({
    ...{ op, verb: 'cycle', by: 'unknown', state: 'ended', outcome: 'unknown', exit_code: null },
    result: { op, verb: 'cycle', outcome: 'unknown', rejected: false },
  })
})

it('what the journal never saw stays as it is known here', () => {
  expect(reconcile(known, null, now)).toBe(known)
  expect(reconcile(undefined, null, now)).toBeUndefined()
})

it('why it ended so and whether a report is kept come from the journal', () => {
  const failed = { ...end, exit_code: 72, outcome: 'failed' as const, detail: 'It is off.' }
  expect(reconcile(known, { ...failed, reason: 'storage', forensics: true }, now)).toMatchObject({
    ...{ detail: 'It is off.', forensics: true, exit_code: 72, result: { reason: 'storage' } },
  })
})
