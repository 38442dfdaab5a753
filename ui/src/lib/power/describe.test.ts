import { expect, test } from 'vitest'
import type { PowerResult, Vm } from '#app/schema/api.ts'
import { describeEnd, describeOutcome, outputOf } from './describeResult.ts'
import { describeVm, evidenceOf } from './describeVm.ts'
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
  const { shape, meaning } = describeOutcome('unknown')
  expect(shape).toBe('unknown')
  expect(meaning).toContain('may or may not have run')
  expect(describeEnd({ exit_code: null, duration_ms: 12_000, failed_leg: 'lost' })).toBe(
    'no exit code · contact lost · 12 s',
  )
  expect(describeEnd({ exit_code: 0, duration_ms: 1_200 })).toBe('exit code 0 · 1.2 s')
})

test('both outputs are shown, without an empty one', () => {
  const result = { stdout: 'a\n', stderr: 'b\n' } as PowerResult
  expect(outputOf(result)).toBe('a\nb')
  expect(outputOf({ ...result, stdout: '' })).toBe('b')
})

test('every verb that changes the machine names it and says what happens', () => {
  const mutating = Object.values(verbFacts).filter(({ mutates }) => mutates)
  expect(mutating.map(({ label }) => label).sort()).toEqual(['Cycle', 'Reset', 'Start', 'Stop'])
  for (const { warning } of mutating) expect(warning('Demo VM')).toMatch(/^Demo VM .*\. .*lost/)
})
