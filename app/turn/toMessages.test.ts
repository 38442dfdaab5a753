import { describe, expect, test } from 'vitest'
import type { Draft, SessionEvent } from '#app/schema/events.ts'
import { estimateTokens, modelCallId, toMessages } from './toMessages.ts'

const log = (...drafts: Draft<SessionEvent>[]): SessionEvent[] =>
  drafts.map((draft, at) => ({ ...draft, id: at + 1, at: new Date(at).toISOString() }))
const messagesOf = (...drafts: Draft<SessionEvent>[]) =>
  toMessages(log(...drafts), {
    presetPrompt: (preset) => (preset === 'disk' ? 'Look at the disks.' : undefined),
  })

const session = { kind: 'session', session_id: 's', agent: 'a', model: 'm', target: 'web1' } as const
const user = { kind: 'user', text: 'It is slow.', by: 'operator', turn: 't' } as const
const text = (words: string) => ({ kind: 'text', text: words, turn: 't' }) as const
const tool = (call: string) =>
  ({ kind: 'tool', name: 'shell', input: { command: call }, call, turn: 't' }) as const
const output = (call: string, stdout = call) =>
  ({
    kind: 'tool_output',
    call,
    exit_code: 0,
    stdout,
    stderr: '',
    truncated: false,
    duration_ms: 1,
    turn: 't',
  }) as const

describe('toMessages', () => {
  test('begins with the operator’s words, and says where and who', () => {
    expect(messagesOf(session, user)).toEqual([
      { role: 'user', text: 'It is slow.\n\n(Target: web1. Operator: operator.)' },
    ])
  })

  test('a preset asks what its author wrote for models', () => {
    expect(messagesOf(session, { ...user, preset: 'disk' })[0]?.text).toContain('Look at the disks.')
  })

  test('each call has one end behind its step, in the order of the calls', () => {
    const messages = messagesOf(
      session,
      user,
      text('Let me look.'),
      tool('a'),
      tool('b'),
      output('b'),
      output('a'),
    )
    expect(messages.slice(1)).toMatchObject([
      { role: 'assistant', text: 'Let me look.', calls: [{ call: 'a' }, { call: 'b' }] },
      { role: 'tool', call: 'a', isError: false },
      { role: 'tool', call: 'b' },
    ])
  })

  test('steps stand apart, and a call without an end gets one', () => {
    const messages = messagesOf(session, user, tool('a'), output('a'), text('Hm.'), tool('b'))
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool'])
    expect(messages.at(-1)).toMatchObject({ isError: true, text: 'It has no recorded end.' })
  })

  test('words of a broken-off step are left out', () => {
    const again = { kind: 'notice', text: 'cut off', level: 'warn', again: true, turn: 't' } as const
    expect(messagesOf(session, user, text('The di'), again, text('The disk is full.')).at(-1)).toMatchObject({
      text: 'The disk is full.',
    })
  })

  test('neighbouring words to the model are one message', () => {
    const nudge = { kind: 'nudge', text: 'Look first.', turn: 't' } as const
    const messages = messagesOf(
      session,
      user,
      nudge,
      text('Yes.'),
      { kind: 'cancelled', by: 'x', turn: 't' },
      user,
    )
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[2]?.text).toContain('stopped this turn')
  })

  test('a long output is head and tail, with a pointer that the tool output takes', () => {
    const [, , end] = messagesOf(session, user, tool('a'), output('a', `${'x'.repeat(50_000)}END`))
    expect(end?.text.length).toBeLessThan(17_000)
    expect(end?.text).toContain('the tool output pages them: call a')
    expect(end?.text).toMatch(/END$/)
  })

  test('what a compaction stands for is left out: outputs first, then everything', () => {
    const before = [
      session,
      user,
      tool('a'),
      output('a', 'first output'),
      tool('b'),
      output('b', 'second output'),
    ]
    const outputsOnly = messagesOf(...before, { kind: 'compaction', before: 'b', turn: 't' })
    expect(outputsOnly.map((message) => message.text).join()).toMatch(/left out.*call a.*second output/s)
    const summary = messagesOf(...before, {
      kind: 'compaction',
      before: 'b',
      text: 'It was slow.',
      turn: 't',
    })
    expect(summary.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
    expect(summary[0]).toEqual({ role: 'user', text: 'It was slow.' })
  })

  test('ids of calls are what every provider takes', () => {
    expect(modelCallId('t-ab12-00ff.disk')).toBe('t-ab12-00ff_disk')
  })

  test('the estimate grows with what is said', () => {
    expect(estimateTokens(messagesOf(session, user, text('x'.repeat(3000))), '')).toBeGreaterThan(1000)
  })
})
