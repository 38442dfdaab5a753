import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Draft, SessionEvent } from '#app/schema/events.ts'
import { modelCallId, toMessages } from './toMessages.ts'

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

  test('after a summary each of the operator’s words still says where', () => {
    const asked = { kind: 'compaction', before: '', text: 'It was slow.', turn: 't' } as const
    const elsewhere = { ...session, target: 'web2' }
    const [message] = messagesOf(session, user, asked, user, elsewhere, { ...user, text: 'And here?' })
    expect(message?.text).toMatch(/^It was slow\.\n\nIt is slow\..*Target: web1.*And here\?.*Target: web2/s)
  })

  test('outputs are left out by the call that began them, whenever it ended', () => {
    const outputs = [output('a', 'first output'), output('b', 'second output')]
    const cut = { kind: 'compaction', before: 'b', turn: 't' } as const
    const [first, second] = messagesOf(session, user, tool('a'), tool('b'), ...outputs, cut).slice(-2)
    expect(first?.text).toContain('left out to save room')
    expect(second?.text).toContain('second output')
  })

  test('a stop stands behind the ends of its calls, though they are recorded after it', () => {
    const stopped = [{ kind: 'cancelled', by: 'x', turn: 't' }, output('a', 'half')] as const
    const messages = messagesOf(session, user, tool('a'), ...stopped, {
      ...{ kind: 'turn_end', turn: 't', reason: 'cancelled' },
    })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
    expect(messages[2]?.text).toContain('half')
    expect(messages[3]?.text).toContain('stopped this turn')
  })

  test('what a runbook found stands behind its calls', () => {
    const finding = { kind: 'finding', probe: 'disk', level: 'crit', text: '/ is full', turn: 't' } as const
    const messages = messagesOf(session, user, tool('a'), output('a'), finding)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
    expect(messages[3]?.text).toBe('- crit: / is full')
  })

  test('ids of calls are what every provider takes, and stay unique', () => {
    expect(modelCallId('t-ab12_00ff')).toBe('t-ab12_00ff')
    const odd = ['a.b', 'a:b', 'a_b', `1${'x'.repeat(80)}`, `2${'x'.repeat(80)}`, 'x'.repeat(64), '']
    const ids = odd.map(modelCallId)
    expect(new Set(ids).size).toBe(odd.length)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  })
})

const ids = ['a', 'b', 'c', 'a.b', 'a:b', '', `1${'x'.repeat(80)}`, `2${'x'.repeat(80)}`]
const someCall = fc.constantFrom(...ids)
const someText = fc.constantFrom('', ' ', 'Yes.', 'x'.repeat(100))
/** Whatever may stand in a log, in whatever order. */
const someDraft = fc.oneof<fc.MaybeWeightedArbitrary<Draft<SessionEvent>>[]>(
  fc.constant(session),
  someText.map((words) => ({ ...user, text: words })),
  someText.map(text),
  { weight: 3, arbitrary: someCall.map(tool) },
  { weight: 3, arbitrary: fc.tuple(someCall, someText).map((of) => output(...of)) },
  someText.map((words) => ({ kind: 'finding', probe: 'p', level: 'ok', text: words })),
  someText.map((words) => ({ kind: 'nudge', text: words })),
  fc.boolean().map((again) => ({ kind: 'notice', text: 'n', level: 'info', again })),
  fc.constant({ kind: 'takeover', from: 'x', to: 'y', reason: '' }),
  fc.constant({ kind: 'cancelled', by: 'x' }),
  fc.constant({ kind: 'error', error: 'It failed.', code: 'turn_failed' }),
  fc.constant({ kind: 'turn_end', reason: 'done' }),
  someCall.map((before) => ({ kind: 'compaction', before })),
  fc.tuple(someCall, someText).map(([before, words]) => ({ kind: 'compaction', before, text: words })),
)

test('whatever stands in the log, it is a conversation that every provider takes', () => {
  fc.assert(
    fc.property(fc.array(someDraft, { maxLength: 40 }), (drafts) => {
      const messages = messagesOf(...drafts)
      if (messages.length > 0) expect(messages[0]?.role).toBe('user')
      const seen = new Set<string>()
      let owed: string[] = []
      let last: string | undefined
      for (const message of messages) {
        if (message.role === 'tool') expect(message.call).toBe(owed.shift())
        else {
          expect(owed).toEqual([])
          expect(message.role).not.toBe(last)
        }
        if (message.role === 'user') expect(message.text.trim()).not.toBe('')
        if (message.role === 'assistant') {
          expect(message.text !== '' || message.calls.length > 0).toBe(true)
          owed = message.calls.map(({ call }) => call)
          for (const call of owed) {
            expect(call).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
            expect(seen).not.toContain(call)
            seen.add(call)
          }
        }
        last = message.role
      }
      expect(owed).toEqual([])
    }),
  )
})

test('a call whose end stands in the log is never told to have none', () => {
  fc.assert(
    fc.property(fc.array(someDraft, { maxLength: 40 }), (drafts) => {
      const ended = new Set(drafts.flatMap((one) => (one.kind === 'tool_output' ? [one.call] : [])))
      const open = messagesOf(...drafts).flatMap((one) =>
        one.role === 'tool' && one.text === 'It has no recorded end.' ? [one.call] : [],
      )
      expect(open.filter((call) => [...ended].map(modelCallId).includes(call))).toEqual([])
    }),
  )
})
