import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { callState } from './callState.ts'
import { pendingCards } from './cards.ts'
import { describeSession } from './describeSession.ts'
import { foldTranscript } from './foldTranscript.ts'
import { emptyTranscript, type Block, type Transcript } from './transcript.ts'
import { describeUsage } from './usage.ts'

const log = (...drafts: SessionDraft[]): SessionEvent[] =>
  drafts.map((draft, index) => {
    const at = new Date(Date.UTC(2026, 10, 20, 2, 51, index)).toISOString()
    return { ...draft, id: index + 1, at }
  })
const fold = (...drafts: SessionDraft[]): Transcript =>
  log(user, ...drafts).reduce(foldTranscript, emptyTranscript)
const blocksOf = (...drafts: SessionDraft[]): Block[] => fold(...drafts).turns[0]?.blocks ?? []
const callsOf = (blocks: Block[]) => blocks.flatMap((block) => (block.type === 'calls' ? block.calls : []))

const user: SessionDraft = { kind: 'user', text: 'Why?', by: 'anna' }
const text = (piece: string): SessionDraft => ({ kind: 'text', text: piece })
const tool = (call: string, name = 'shell'): SessionDraft => ({
  kind: 'tool',
  name,
  input: { command: 'x' },
  call,
})
const output = (call: string, more: Partial<SessionDraft> = {}): SessionDraft => ({
  ...{ kind: 'tool_output', call, exit_code: 0, stdout: '', stderr: '', truncated: false, duration_ms: 5 },
  // Of the same kind, by every call below.
  ...(more as object),
})
const started = (call: string): SessionDraft => ({
  ...{ kind: 'started', call, action: "'x'", target: 'devvm', place: 'target:devvm', read_back: true },
})
const progress = (call: string, piece: string): SessionDraft => ({ kind: 'progress', call, text: piece })
const approval: SessionDraft = {
  ...{ kind: 'approval', approval: 'p', call: 'a', action: "'x'", target: 'devvm', why: 'It changes.' },
  ...{ risk: 'high', expires: '2026-11-20T02:56:00Z', digest: 'd' },
}
const decision = (word: 'approve' | 'deny', by = 'kim', reason?: string): SessionDraft => ({
  ...{ kind: 'decision', approval: 'p', decision: word, by },
  ...(reason === undefined ? {} : { reason }),
})
const question: SessionDraft = { kind: 'question', question: 'q', text: 'Now?', options: ['Yes', 'No'] }
const usage = (model: string, cost?: number): SessionDraft => ({
  ...{
    kind: 'usage',
    provider: 'claude',
    model,
    input_tokens: 12_300,
    output_tokens: 1_200,
    cached_tokens: 8_000,
  },
  ...(cost === undefined ? {} : { cost }),
})
const again: SessionDraft = { kind: 'notice', level: 'warn', text: 'Asked again.', again: true }
const end: SessionDraft = { kind: 'turn_end', reason: 'done' }

test('an approval waits until the first decision, and its call with it', () => {
  const waiting = fold(tool('a'), approval)
  expect(pendingCards(waiting)).toMatchObject([{ approval: 'p', action: "'x'", undo: null }])
  expect(callsOf(waiting.turns[0]?.blocks ?? []).map(callState)).toEqual(['waiting'])

  const decided = fold(tool('a'), approval, decision('deny', 'kim', 'Not now.'), decision('approve', 'anna'))
  expect(pendingCards(decided)).toEqual([])
  expect(decided.turns[0]?.blocks[1]).toMatchObject({
    state: {
      state: 'decided',
      decision: 'deny',
      by: 'kim',
      reason: 'Not now.',
      at: '2026-11-20T02:51:03.000Z',
    },
  })
})

test.each<[string, SessionDraft[], string]>([
  ['its call ended without a decision', [output('a', { refused: true, exit_code: null })], 'closed'],
  ['the turn was stopped', [{ kind: 'cancelled', by: 'anna' }], 'closed'],
  ['the turn ended', [end], 'closed'],
  ['another call ended', [output('b')], 'pending'],
])('an approval, when %s', (_, drafts, state) => {
  expect(blocksOf(tool('a'), tool('b'), approval, ...drafts)[1]).toMatchObject({ state: { state } })
})

test.each<[string, SessionDraft[], string]>([
  ['approved and gone out', [approval, decision('approve'), started('a')], 'running'],
  ['done', [started('a'), output('a')], 'answered'],
  ['denied', [approval, decision('deny'), output('a', { refused: true, exit_code: null })], 'denied'],
  [
    'approved and then refused by policy',
    [approval, decision('approve'), output('a', { refused: true, exit_code: null })],
    'refused',
  ],
  ['lost on the way', [started('a'), output('a', { exit_code: null, failed_leg: 'lost' })], 'unknown'],
  ['left when the turn ended', [started('a'), end], 'unknown'],
])('a change that was %s', (_, drafts, state) => {
  expect(callsOf(blocksOf(tool('a'), ...drafts)).map(callState)).toEqual([state])
})

test('what a call prints stands there until its output does, and never grows without end', () => {
  const running = callsOf(blocksOf(tool('a'), tool('b'), progress('a', 'one\n'), progress('a', 'two\n')))
  expect(running.map(({ printed }) => printed)).toEqual(['one\ntwo\n', ''])
  const much = callsOf(blocksOf(tool('a'), progress('a', 'x'.repeat(30_000)), progress('a', 'end')))
  expect(much[0]?.printed).toHaveLength(16_000)
  expect(much[0]?.printed.endsWith('end')).toBe(true)
  const ended = callsOf(blocksOf(tool('a'), progress('a', 'one'), output('a', { output_bytes: 9_000 })))
  expect(ended[0]).toMatchObject({ printed: '', output: { bytes: 9_000, refused: false } })
})

test('a question takes the place of the call that asks, and keeps its answer', () => {
  const [first, card, ...rest] = blocksOf(
    ...[tool('a'), tool('b', 'ask_clarification'), question],
    ...[{ kind: 'answer', question: 'q', text: 'Yes', by: 'kim' } as const, output('b')],
  )
  expect(callsOf(first === undefined ? [] : [first]).map(({ call }) => call)).toEqual(['a'])
  expect(card).toMatchObject({
    text: 'Now?',
    options: ['Yes', 'No'],
    state: { state: 'answered', text: 'Yes', by: 'kim' },
  })
  expect(rest).toEqual([])
})

test('a question that a tool cannot ask stays a call', () => {
  const calls = callsOf(
    blocksOf(tool('b', 'ask_clarification'), output('b', { exit_code: null, refused: true })),
  )
  expect(calls.map(callState)).toEqual(['refused'])
})

const said = (blocks: Block[]) =>
  blocks.flatMap((block) => (block.type === 'text' ? [`${block.cut ? 'cut: ' : ''}${block.text}`] : []))

test.each<[string, SessionDraft[], string[]]>([
  ['of this step', [text('a'), again, text('b')], ['cut: a', 'b']],
  [
    'of an earlier step stays',
    [text('a'), tool('x'), output('x'), text('b'), again, text('c')],
    ['a', 'cut: b', 'c'],
  ],
  [
    'before words of the turn stays',
    [text('a'), { kind: 'nudge', text: 'Look.' }, text('b'), again],
    ['a', 'cut: b'],
  ],
  [
    'that a take-over cut short',
    [text('a'), { kind: 'takeover', from: 'r1', to: 'r2', reason: 'gone' }, text('b')],
    ['cut: a', 'b'],
  ],
  ['without the step being asked again', [text('a'), text('b')], ['ab']],
])('text %s', (_, drafts, expected) => {
  expect(said(blocksOf(...drafts))).toEqual(expected)
})

test('a result that was said only in text that was cut off is shown', () => {
  const result: SessionDraft = { kind: 'result', is_error: false, result: 'Done.', duration_ms: 5 }
  expect(said(blocksOf(text('Done.'), again, result))).toEqual(['cut: Done.', 'Done.'])
})

test('a result that joins what the steps said is not said again', () => {
  const result: SessionDraft = {
    kind: 'result',
    is_error: false,
    result: 'I look.\n\nAll is well.',
    duration_ms: 5,
  }
  expect(said(blocksOf(text('I look.'), tool('a'), output('a'), text('All is well.'), result))).toEqual([
    'I look.',
    'All is well.',
  ])
})

test('usage adds up in its turn and in the session', () => {
  const transcript = fold(usage('x', 0.03), usage('x', 0.012), end, user, usage('y'))
  const [first, second] = transcript.turns.map((turn) => turn.usage && describeUsage(turn.usage))
  expect(first).toBe('claude · x · 40.6k in (16k cached) / 2.4k out · cost 0.04')
  expect(second).toBe('claude · y · 20.3k in (8k cached) / 1.2k out · cost unknown')
  expect(describeSession({ ...transcript, target: 'devvm' })).toEqual({
    place: 'devvm · claude',
    detail: 'y · 60.9k in (24k cached) / 3.6k out · cost at least 0.04',
  })
})

test.each([
  [0, 'cost 0.00'],
  [0.004, 'cost < 0.01'],
  [12.5, 'cost 12.50'],
])('a cost of %d, in whatever currency the prices are', (cost, words) => {
  expect(describeUsage(fold(usage('x', cost)).usage ?? expect.fail())).toContain(words)
})

test('whatever is told, what waits is at most what was asked and not decided', () => {
  const draft = fc.oneof(
    fc.constantFrom('a', 'b').map((call) => tool(call)),
    fc.constantFrom('a', 'b').map((call) => output(call)),
    fc.constantFrom('a', 'b').map(started),
    fc.constantFrom('approve' as const, 'deny' as const).map((word) => decision(word)),
    fc.constantFrom(approval, question, again, text('t'), end),
    fc.constant<SessionDraft>({ kind: 'answer', question: 'q', text: 'Yes', by: 'kim' }),
  )
  fc.assert(
    fc.property(fc.array(draft, { maxLength: 25 }), (drafts) => {
      const waiting = pendingCards(fold(...drafts))
      const ended = drafts.some(({ kind }) => kind === 'turn_end')
      const asked = drafts.filter(({ kind }) => kind === 'approval' || kind === 'question').length
      expect(waiting.length).toBeLessThanOrEqual(asked)
      if (ended && drafts.at(-1)?.kind === 'turn_end') expect(waiting).toEqual([])
    }),
  )
})
