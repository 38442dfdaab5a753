import { expect, test } from 'vitest'
import { callEnd, callState, hiddenCalls } from './callState.ts'
import { callTitle } from './callTitle.ts'
import type { ToolCall, ToolOutput } from './transcript.ts'

const call = (output: Partial<ToolOutput> | null): ToolCall => ({
  key: 1,
  call: 'c',
  name: 'shell',
  title: 'df',
  output:
    output === null
      ? null
      : { seq: 2, exitCode: 0, stdout: '', stderr: '', truncated: false, durationMs: 600, ...output },
})

test.each<[string, ToolCall, string, string]>([
  ['without an output', call(null), 'running', 'running'],
  ['with exit code 0', call({}), 'answered', '0 · 0.6 s'],
  ['with exit code 1, which is an answer', call({ exitCode: 1 }), 'answered', '1 · 0.6 s'],
  ['that timed out', call({ exitCode: null, failedLeg: 'timeout' }), 'failed', 'timed out · 0.6 s'],
  [
    'whose host key is wrong',
    call({ exitCode: null, failedLeg: 'host_key' }),
    'failed',
    'host key does not match · 0.6 s',
  ],
  ['whose end is unknown', call({ exitCode: null }), 'failed', 'no exit code · 0.6 s'],
])('a call %s', (_, one, state, end) => {
  expect(callState(one)).toBe(state)
  expect(callEnd(one)).toBe(end)
})

test('a fold says what it hides', () => {
  expect(hiddenCalls([call({}), call({ exitCode: 2 })])).toBe('2 more, all answered')
  expect(hiddenCalls([call({}), call(null), call({ exitCode: null, failedLeg: 'lost' })])).toBe(
    '3 more, 1 failed, 1 running',
  )
})

test('a call is named by what it runs', () => {
  expect(callTitle('shell', { command: 'df -P', timeout_s: 8 })).toBe('df -P')
  expect(callTitle('power', { verb: 'status', vm: 'demo', deep: { no: 1 } })).toBe('power status demo')
})
