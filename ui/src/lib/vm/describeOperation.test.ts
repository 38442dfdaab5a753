import { expect, test } from 'vitest'
import type { Operation } from '#app/schema/api.ts'
import { describeOperation } from './describeOperation.ts'
import { describeOutcome, reasonOf } from './describeResult.ts'

const operation: Operation = {
  op: 'a'.repeat(32),
  verb: 'cycle',
  by: 'operator',
  state: 'ended',
  phase: 'outcome',
  outcome: 'done',
  exit_code: 0,
  requested_at: '2026-11-27T03:00:00.000Z',
  duration_ms: 12_000,
}

test.each<[Partial<Operation>, string, string, string]>([
  [{}, 'ok', 'Cycle done', '12 s'],
  [{ outcome: 'failed' }, 'crit', 'Cycle failed', '12 s'],
  [{ outcome: 'refused' }, 'warn', 'Cycle refused', '12 s'],
  [{ outcome: 'unknown', duration_ms: undefined }, 'unknown', 'Cycle unknown', ''],
  [{ outcome: undefined }, 'unknown', 'Cycle unknown', '12 s'],
  [{ state: 'running', outcome: undefined, duration_ms: undefined }, 'off', 'Cycle runs', ''],
])('%j is told as %s "%s"', (fields, shape, words, took) => {
  expect(describeOperation({ ...operation, ...fields })).toEqual({ shape, words, took })
})

test('what was powered off and not on again is told as off', () => {
  expect(describeOutcome({ verb: 'cycle', outcome: 'failed', exit_code: 72 }).meaning).toMatch(/it is off\.$/)
})

test('why it ended so: its sentence, else the last that it said, else what its word means', () => {
  const result = { outcome: 'failed', reason: 'no_quorum', stderr: '' } as const
  expect(reasonOf(result, 'No quorum on pve1')).toBe('No quorum on pve1.')
  expect(reasonOf({ ...result, stderr: 'a\nbreakglass: qm failed\n' }, undefined)).toBe('qm failed.')
  expect(reasonOf(result, undefined)).toBe('The cluster has no quorum.')
  expect(reasonOf({ ...result, reason: 'new_word' }, undefined)).toBe('The hypervisor says: new_word.')
  expect(reasonOf({ outcome: 'failed', stderr: '' }, undefined)).toBe('')
  expect(reasonOf({ outcome: 'done', stderr: 'a warning' }, undefined)).toBe('')
})
