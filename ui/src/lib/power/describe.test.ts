import { expect, test } from 'vitest'
import type { PowerResult, Vm } from '#app/schema/api.ts'
import { describeEnd, describeOutcome, outputOf } from '#ui/vm/describeResult.ts'
import { warningOf } from '#ui/vm/warningOf.ts'
import { describeVm, evidenceOf, isStale, stateEvidence } from './describeVm.ts'
import { verbFacts } from './verbs.ts'

const vm: Vm = { vm: 'demo', title: 'Demo VM', state: 'running', state_at: null, targets: [], demo: true }

test.each<[Partial<Vm>, string, string]>([
  [{}, 'ok', 'running'],
  [{ wedged: false }, 'ok', 'running'],
  [{ wedged: true }, 'crit', 'running, wedged'],
  [{ state: 'stopped' }, 'off', 'stopped'],
  [{ state: 'paused' }, 'warn', 'paused'],
  [{ state: 'unknown' }, 'unknown', 'unknown'],
])('%j is told as %s "%s"', (fields, shape, word) => {
  expect(describeVm({ ...vm, ...fields })).toEqual({ shape, word })
})

test('the evidence is whole sentences', () => {
  expect(evidenceOf(vm)).toBe('')
  expect(evidenceOf({ ...vm, wedged: true })).toBe('Its monitor does not answer.')
  expect(evidenceOf({ ...vm, evidence: 'Monitor silent', locked: 'backup' })).toBe(
    'Monitor silent. Locked by the hypervisor: backup.',
  )
})

test('unknown is told neither as failed nor as done', () => {
  const { shape, meaning } = describeOutcome({ verb: 'cycle', outcome: 'unknown', failed_leg: 'lost' })
  expect(shape).toBe('unknown')
  expect(meaning).toContain('Contact was lost. It may or may not have run')
  expect(describeEnd({ exit_code: null, duration_ms: 12_000, failed_leg: 'lost' })).toBe(
    'no exit code · contact lost · 12 s',
  )
  expect(describeEnd({ exit_code: 0, duration_ms: 1_200 })).toBe('exit code 0 · 1.2 s')
})

test('contact is told as lost only where a leg failed', () => {
  expect(describeOutcome({ verb: 'cycle', outcome: 'unknown' }).meaning).toBe(
    'How it ended is not known. Look at the status before anything else.',
  )
})

test.each(['status', 'forensics'] as const)('%s without an answer has changed nothing', (verb) => {
  const { shape, meaning } = describeOutcome({ verb, outcome: 'unknown', failed_leg: 'timeout' })
  expect(shape).toBe('unknown')
  expect(meaning).toContain('nothing was changed')
  expect(meaning).not.toContain('may or may not')
})

const now = Date.parse('2026-11-20T03:00:00.000Z')
test.each<[string, string | null, number | null, boolean]>([
  ['read 5 s ago', '2026-11-20T02:59:55.000Z', now - 1_000, false],
  ['read 20 s ago', '2026-11-20T02:59:40.000Z', now - 1_000, true],
  ['never read', null, now, true],
  ['told of 20 s ago, by a server whose clock runs ahead', '2026-11-20T03:05:00.000Z', now - 20_000, true],
  ['never told of', '2026-11-20T02:59:55.000Z', null, true],
])('a state that was %s is stale after 15 s: %s %s %s', (_, state_at, toldAt, stale) => {
  expect(isStale({ ...vm, state_at }, toldAt, now, 15_000)).toBe(stale)
})

test('why a state is held stands without what else is known', () => {
  expect(stateEvidence({ ...vm, wedged: true, locked: 'backup' })).toBe('Its monitor does not answer.')
})

test('both outputs are shown, without an empty one and without what is told beside them', () => {
  const result = { verb: 'stop', stdout: 'a\n', stderr: 'b\n' } as PowerResult
  expect(outputOf({ ...result, stderr: 'b\nbreakglass: c\n' }, 'c.')).toBe('a\nb')
  expect(outputOf(result)).toBe('a\nb')
  expect(outputOf({ ...result, stdout: '' })).toBe('b')
})

test.each(['cycle', 'reset', 'start', 'stop'] as const)(
  '%s changes the machine: it names it and says what is lost',
  (verb) => {
    expect(verbFacts[verb].mutates).toBe(true)
    expect(warningOf(verb, 'Demo VM')).toMatch(/^Demo VM .*\. .*lost/)
  },
)
