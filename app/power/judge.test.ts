import { describe, expect, it } from 'vitest'
import type { PowerResult, Verb } from '#app/schema/api.ts'
import type { Leg } from '#app/schema/events.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { judge } from './judge.ts'

const op = 'a'.repeat(32)
const other = 'b'.repeat(32)

const ended = (exitCode: number | null, fields: Partial<ExecResult> = {}): ExecResult => ({
  exitCode,
  stdout: '',
  stderr: '',
  truncated: false,
  durationMs: 12.3,
  ...fields,
})
const line = (exit_code: number, outcome: string, fields: object = {}) =>
  `${JSON.stringify({ op, verb: 'cycle', exit_code, outcome, detail: null, ...fields })}\n`

type Case = [what: string, verb: Verb, result: ExecResult, expected: Partial<PowerResult>]

describe('judge', () => {
  it.each<Case>([
    [
      'a last line that says done',
      'cycle',
      ended(0, { stdout: `qm stop\n${line(0, 'done')}` }),
      { outcome: 'done', exit_code: 0, stdout: 'qm stop\n' },
    ],
    [
      'a failure',
      'cycle',
      ended(70, { stdout: line(70, 'failed', { detail: 'locked' }) }),
      { outcome: 'failed', exit_code: 70, stderr: 'locked' },
    ],
    [
      'a VM left off',
      'cycle',
      ended(72, { stdout: line(72, 'failed') }),
      { outcome: 'failed', exit_code: 72 },
    ],
    [
      'an end that the host does not know',
      'cycle',
      ended(71, { stdout: line(71, 'unknown') }),
      { outcome: 'unknown', exit_code: null },
    ],
    [
      'another operation',
      'cycle',
      ended(75, { stdout: line(75, 'refused', { running: other }) }),
      { outcome: 'refused', exit_code: null, code: 'busy', op: other },
    ],
    [
      'an op of another verb',
      'cycle',
      ended(64, { stdout: line(64, 'refused') }),
      { outcome: 'refused', code: 'conflict' },
    ],
    [
      'a script without configuration',
      'cycle',
      ended(78, { stdout: line(78, 'refused', { op: null, verb: null }) }),
      { outcome: 'refused', exit_code: null },
    ],
    [
      'success without a last line',
      'cycle',
      ended(0, { stdout: 'all is well\n' }),
      { outcome: 'unknown', exit_code: null, stdout: 'all is well\n' },
    ],
    [
      'a last line about another op',
      'cycle',
      ended(0, { stdout: line(0, 'done', { op: other }) }),
      { outcome: 'unknown' },
    ],
    ['a last line about another verb', 'stop', ended(0, { stdout: line(0, 'done') }), { outcome: 'unknown' }],
    ['a last line with another code', 'cycle', ended(1, { stdout: line(0, 'done') }), { outcome: 'unknown' }],
    [
      'a mutation without an op in its last line',
      'cycle',
      ended(0, { stdout: line(0, 'done', { op: null }) }),
      { outcome: 'unknown' },
    ],
    [
      'done, but cut off',
      'cycle',
      ended(0, { stdout: 'x', truncated: true }),
      { outcome: 'done', exit_code: 0 },
    ],
    [
      'a pre-flight that says no, with its word',
      'cycle',
      ended(76, { stdout: line(76, 'refused', { reason: 'no_quorum', detail: 'No quorum.' }) }),
      { outcome: 'refused', exit_code: null, reason: 'no_quorum', stderr: 'No quorum.' },
    ],
    ['a pre-flight that says no, cut off', 'cycle', ended(76), { outcome: 'refused', exit_code: null }],
    [
      'steps of the operation',
      'cycle',
      ended(0, { stdout: `@phase stop 2026-11-27T03:00:00Z\nqm stop\n${line(0, 'done')}` }),
      { outcome: 'done', stdout: 'qm stop\n' },
    ],
    ['no script', 'cycle', ended(127, { stderr: 'sh: not found' }), { outcome: 'refused', exit_code: null }],
    ['the code of a broken ssh', 'cycle', ended(255), { outcome: 'unknown', exit_code: null }],
    ['a death by signal', 'reset', ended(137), { outcome: 'unknown', exit_code: null }],
    [
      'what only reads, read',
      'status',
      ended(0, { stdout: `{}\n${line(0, 'done', { op: null, verb: 'status' })}` }),
      { outcome: 'done', exit_code: 0, stdout: '{}\n' },
    ],
    ['what only reads, without a last line', 'status', ended(1), { outcome: 'failed', exit_code: 1 }],
  ])('%s', (_what, verb, result, expected) => {
    const judged = judge(verb, op, result).result
    expect(judged).toMatchObject(expected)
    expect(judged.rejected).toBe(judged.outcome === 'refused')
    expect(judged.duration_ms).toBe(12)
  })

  it.each<[Leg, PowerResult['outcome']]>([
    ['name', 'refused'],
    ['tcp', 'refused'],
    ['host_key', 'refused'],
    ['auth', 'refused'],
    ['channel', 'refused'],
    ['command', 'refused'],
    ['timeout', 'unknown'],
    ['lost', 'unknown'],
    ['cancelled', 'unknown'],
  ])('a failed leg %s is %s, with its sentence', (failedLeg, outcome) => {
    const result = ended(null, { failedLeg, failure: 'A sentence.', stdout: 'half', stderr: 'a line\n' })
    expect(judge('cycle', op, result).result).toEqual({
      verb: 'cycle',
      exit_code: null,
      stdout: 'half',
      stderr: 'a line\nA sentence.',
      rejected: outcome === 'refused',
      outcome,
      op,
      failed_leg: failedLeg,
      duration_ms: 12,
    })
  })

  it('never believes a last line of a command that has no exit code', () => {
    const result = ended(null, { failedLeg: 'lost', failure: 'Lost.', stdout: line(0, 'done') })
    expect(judge('cycle', op, result).result.outcome).toBe('unknown')
  })

  it.each<[what: string, result: ExecResult, expected: object]>([
    ['a report', ended(0, { stdout: line(0, 'done', { forensics: true }) }), { forensics: true }],
    [
      'a sentence',
      ended(70, { stdout: line(70, 'failed', { detail: 'It is locked.', forensics: false }) }),
      { detail: 'It is locked.', forensics: false },
    ],
    ['a shell', ended(127, { stderr: 'one\nsh: not found\n' }), { detail: 'sh: not found' }],
    ['a broken connection', ended(null, { failedLeg: 'lost', failure: 'Lost.' }), { detail: 'Lost.' }],
    ['nothing', ended(0, { stderr: 'a warning' }), { detail: expect.stringContaining('without saying') }],
  ])('keeps beside the answer what the end tells: %s', (_what, result, expected) => {
    expect(judge('cycle', op, result)).toMatchObject(expected)
  })
})
