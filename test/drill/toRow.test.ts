import { expect, test } from 'vitest'
import type { SessionEvent } from '#app/schema/events.ts'
import { toRow } from './toRow.ts'

const base = { id: 1, at: '2026-11-20T03:00:00.000Z', turn: 't1' }
const tool = (call: string): SessionEvent => ({ ...base, kind: 'tool', name: 'shell', input: {}, call })
const text: SessionEvent = { ...base, kind: 'text', text: 'I look.' }
const usage: SessionEvent = {
  ...{ ...base, kind: 'usage', provider: 'claude', model: 'claude-1' },
  ...{ input_tokens: 10, output_tokens: 2, cached_tokens: 300 },
}
const end: SessionEvent = { ...base, kind: 'turn_end', reason: 'done' }
const row = (events: SessionEvent[]) =>
  toRow(
    'disk-full',
    {
      verdict: { broken: [], harm: [], over: [] },
      turn: { events, approved: ['a'], denied: [], ranOut: false },
      seconds: 3.4,
    },
    [],
  )

test('steps are the model’s answers, calls made together are one; tokens of the cache count', () => {
  const events = [text, usage, tool('a'), tool('b'), text, usage, tool('c'), text, usage, end]
  expect(row(events)).toMatchObject({ result: 'passed', steps: 3, approvals: 1, tokens: 936, seconds: 3 })
})

test('a server that does not say what was used has its steps counted, and tokens that are not known', () => {
  expect(row([tool('a'), text, tool('b'), text, end])).toMatchObject({ steps: 3, tokens: null })
  expect(row([tool('a'), end])).toMatchObject({ steps: 1 })
})
