import { expect, test } from 'vitest'
import { callEnd, callState, foldCalls, hiddenCalls } from './callState.ts'
import { callTitle, toolWord } from './callTitle.ts'
import type { ToolCall, ToolOutput } from './transcript.ts'

const call = (output: Partial<ToolOutput> | null, more: Partial<ToolCall> = {}): ToolCall => ({
  key: 1,
  call: 'c',
  name: 'shell',
  title: 'df',
  input: [],
  startedAt: '2026-11-20T02:51:00Z',
  change: null,
  printed: '',
  denied: false,
  state: output === null ? 'running' : 'ended',
  output:
    output === null
      ? null
      : {
          ...{ seq: 2, exitCode: 0, stdout: '', stderr: '', truncated: false },
          ...{ bytes: null, durationMs: 600, refused: false, ...output },
        },
  ...more,
})

test.each<[string, ToolCall, string, string]>([
  ['without an output', call(null), 'running', 'running'],
  ['with exit code 0', call({}), 'answered', 'ok · 0.6 s'],
  ['with exit code 1, which is an answer', call({ exitCode: 1 }), 'answered', 'exit 1 · 0.6 s'],
  ['that timed out', call({ exitCode: null, failedLeg: 'timeout' }), 'failed', 'timed out · 0.6 s'],
  [
    'whose host key is wrong',
    call({ exitCode: null, failedLeg: 'host_key' }),
    'failed',
    'host key does not match · 0.6 s',
  ],
  ['that ended without an exit code', call({ exitCode: null }), 'failed', 'no exit code · 0.6 s'],
  ['that waits for a decision', call(null, { state: 'waiting' }), 'waiting', 'waits for you'],
  ['that was held back', call({ exitCode: null, refused: true }), 'refused', 'refused'],
  ['that an operator denied', call({ exitCode: null, refused: true }, { denied: true }), 'denied', 'denied'],
  ['whose turn ended before it', call(null, { state: 'ended' }), 'failed', 'did not end'],
  [
    'that changes something and whose turn ended before it',
    call(null, { state: 'ended', change: 'rm x' }),
    'unknown',
    'outcome unknown',
  ],
  [
    'that changes something and lost contact',
    call({ exitCode: null, failedLeg: 'lost' }, { change: 'rm x' }),
    'unknown',
    'contact lost, outcome unknown · 0.6 s',
  ],
])('a call %s', (_, one, state, end) => {
  expect(callState(one)).toBe(state)
  expect(callEnd(one)).toBe(end)
})

test('a call that runs tells how long, where the time is known', () => {
  expect(callEnd(call(null), new Date('2026-11-20T02:52:01Z').getTime())).toBe('running 01:01')
})

test('a fold says what it hides', () => {
  expect(hiddenCalls([call({}), call({ exitCode: 2 })])).toBe('2 more, all answered')
  expect(hiddenCalls([call({}), call(null), call({ exitCode: null, failedLeg: 'lost' })])).toBe(
    '3 more, 1 failed, 1 running',
  )
})

test('a fold leaves in sight what changes something, waits or was refused, and what runs last', () => {
  const calls = [
    ...[call({}), call({}), call({}), call({}, { change: 'rm x' })],
    ...[call({}), call(null, { state: 'waiting' }), call(null)],
    ...[call({ exitCode: null, refused: true }), call(null)],
  ].map((one, key) => ({ ...one, key }))
  const { shown, folded } = foldCalls(calls)
  expect(shown.map(({ key }) => key)).toEqual([0, 1, 3, 5, 7, 8])
  expect(folded.map(({ key }) => key)).toEqual([2, 4, 6])
})

test('nothing is folded to hide a single call', () => {
  expect(foldCalls([call({}), call({}), call({})]).folded).toEqual([])
})

test.each<[string, Record<string, unknown>, string | null, string]>([
  ['shell', { command: 'df -P', timeout_s: 8 }, null, 'df -P'],
  ['power', { verb: 'status', vm: 'demo', deep: { no: 1 } }, 'power', 'status demo'],
  ['search_knowledge', { query: 'disk  full' }, 'knowledge', 'disk full'],
  [
    'send_email',
    { to: ['a@e.test', 'b@e.test'], subject: 'Up', body: 'All' },
    'mail',
    'a@e.test, b@e.test: Up',
  ],
  ['list_resources', {}, 'list resources', ''],
])('a call of %s is named by what it does', (name, input, word, title) => {
  expect(toolWord(name)).toBe(word)
  expect(callTitle(name, input)).toBe(title)
})
