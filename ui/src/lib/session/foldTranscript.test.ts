import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { describeTurnEnd } from './describeEnd.ts'
import { foldTranscript } from './foldTranscript.ts'
import { emptyTranscript, type Transcript } from './transcript.ts'

/** Numbers and dates drafts as the log does, a second apart. */
function log(...drafts: SessionDraft[]): SessionEvent[] {
  return drafts.map((draft, index) => {
    const at = new Date(Date.UTC(2026, 10, 20, 2, 51, index)).toISOString()
    return { ...draft, id: index + 1, at }
  })
}

const fold = (events: SessionEvent[], from: Transcript = emptyTranscript): Transcript =>
  events.reduce(foldTranscript, from)

const session: SessionDraft = {
  kind: 'session',
  session_id: 's',
  agent: 'breakglass',
  model: 'runbook',
  target: 'local',
}
const user: SessionDraft = { kind: 'user', text: 'Triage', by: 'anna', preset: 'triage', turn: 't' }
const tool = (call: string, command = 'df'): SessionDraft => ({
  kind: 'tool',
  name: 'shell',
  input: { command },
  call,
  target: 'local',
  turn: 't',
})
const output = (call: string, exit_code: number | null = 0): SessionDraft => ({
  kind: 'tool_output',
  call,
  exit_code,
  stdout: `of ${call}`,
  stderr: '',
  truncated: false,
  duration_ms: 200,
  turn: 't',
})
const finding = (
  level: 'ok' | 'warn' | 'crit',
  text: string,
  value?: number,
  unit?: string,
): SessionDraft => ({
  kind: 'finding',
  probe: 'disk',
  level,
  text,
  turn: 't',
  ...(value === undefined ? {} : { value }),
  ...(unit === undefined ? {} : { unit }),
})
const text = (piece: string): SessionDraft => ({ kind: 'text', text: piece, turn: 't' })
const end = (reason: string): SessionDraft => ({ kind: 'turn_end', reason, turn: 't' })

test('a session without a prompt is idle and knows its target', () => {
  expect(fold(log(session))).toEqual({
    ...emptyTranscript,
    head: 1,
    agent: 'breakglass',
    model: 'runbook',
    target: 'local',
  })
})

test('a turn is its prompt, its calls with their outputs, its findings, its text and its end', () => {
  const events = log(
    session,
    user,
    tool('a'),
    tool('b', 'free -m'),
    output('b'),
    output('a', 1),
    finding('ok', '/ has room', 41, '%'),
    text('All is '),
    text('well.'),
    { kind: 'result', is_error: false, result: 'All is well.', duration_ms: 2_100, turn: 't' },
    end('done'),
  )
  const { title, state, turns } = fold(events)
  expect({ title, state, turns: turns.length }).toEqual({ title: 'Triage', state: 'idle', turns: 1 })
  const [turn] = turns
  expect(turn?.blocks).toMatchObject([
    {
      type: 'calls',
      calls: [
        { call: 'a', title: 'df', output: { exitCode: 1, stdout: 'of a', seq: 6 } },
        { call: 'b', title: 'free -m', output: { exitCode: 0, stdout: 'of b', seq: 5 } },
      ],
    },
    { type: 'findings', findings: [{ level: 'ok', text: '/ has room', value: '41 %' }] },
    { type: 'text', text: 'All is well.' },
  ])
  expect(turn && describeTurnEnd(turn)).toBe('Ended in 2.1 s · 10 events')
})

test('findings stand worst first, what could not be checked before what is well', () => {
  const { turns } = fold(
    log(
      user,
      finding('ok', 'a', 1),
      finding('ok', 'Could not check b: no chronyc'),
      finding('crit', 'c', 100, '%'),
      finding('warn', 'd', 2),
      finding('crit', 'e', 99, '%'),
    ),
  )
  const [card] = turns[0]?.blocks ?? []
  expect(
    card?.type === 'findings' && card.findings.map(({ level, text, value }) => [level, text, value]),
  ).toEqual([
    ['crit', 'c', '100 %'],
    ['crit', 'e', '99 %'],
    ['warn', 'd', '2'],
    ['unknown', 'Could not check b: no chronyc', null],
    ['ok', 'a', '1'],
  ])
})

test('a result that was not said as text is shown', () => {
  const result: SessionDraft = {
    kind: 'result',
    is_error: true,
    result: 'It did not work.',
    duration_ms: 5,
    turn: 't',
  }
  const { turns } = fold(log(user, text('Looking.'), result, end('done')))
  expect(turns[0]?.blocks.at(-1)).toMatchObject({ type: 'text', text: 'It did not work.' })
  expect(turns[0] && describeTurnEnd(turns[0])).toContain('could not do its work')
})

test.each([
  ['cancelled', 'Stopped after 1.0 s'],
  ['failed', 'Failed after 1.0 s'],
  ['interrupted', 'Interrupted after 1.0 s'],
  ['eaten', 'Ended (eaten) after 1.0 s'],
])('a turn that ends as %s says so', (reason, words) => {
  const { turns } = fold(log(user, end(reason)))
  expect(turns[0] && describeTurnEnd(turns[0])).toBe(`${words} · 2 events`)
})

test.each<[string, SessionDraft, string]>([
  ['stop', { kind: 'cancelled', by: 'anna', turn: 't' }, 'Stopped by anna.'],
  [
    'take-over',
    { kind: 'takeover', from: 'a', to: 'b', reason: 'no heartbeat', turn: 't' },
    'The server that worked on this stopped; another one goes on.',
  ],
  ['failure', { kind: 'error', error: 'It broke.', code: 'turn_failed', turn: 't' }, 'It broke.'],
])('a %s is a notice', (_, draft, words) => {
  expect(fold(log(user, draft)).turns[0]?.blocks).toMatchObject([{ type: 'notice', text: words }])
})

test('an archived session says so', () => {
  expect(fold(log(session, { kind: 'archived', by: 'anna' })).state).toBe('archived')
})

test('a kind of a later version moves the head and nothing else', () => {
  const before = fold(log(session, user))
  const strange = { kind: 'hologram', id: 3, at: '2026-11-20T02:51:07Z' } as unknown as SessionEvent
  const after = foldTranscript(before, strange)
  expect(after.head).toBe(3)
  expect(after.turns[0]?.blocks).toEqual([])
})

test('turns that are over keep their identity, so that only the last is drawn again', () => {
  const events = log(user, end('done'), user, text('a'), text('b'))
  const before = fold(events.slice(0, 4))
  const after = fold(events.slice(4), before)
  expect(after.turns[0]).toBe(before.turns[0])
  expect(after.turns[1]).not.toBe(before.turns[1])
})

const draft = fc.oneof(
  fc.constant(user),
  fc.constantFrom('a', 'b', 'c').map((call) => tool(call)),
  fc.constantFrom('a', 'b', 'c').map((call) => output(call)),
  fc.string().map(text),
  fc.constantFrom('ok', 'warn', 'crit').chain((level) => fc.string().map((words) => finding(level, words))),
  fc.constantFrom('done', 'cancelled').map(end),
)

test('an event that is told again changes nothing, wherever the log is told from', () => {
  fc.assert(
    fc.property(fc.array(draft, { maxLength: 30 }), fc.nat(30), fc.nat(30), (drafts, upTo, again) => {
      const events = log(...drafts)
      const once = fold(events)
      const twice = fold(events.slice(Math.min(again, upTo)), fold(events.slice(0, upTo)))
      expect(twice).toEqual(once)
    }),
  )
})

test('no text is lost or doubled', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string().map(text), fc.constant(tool('a'))), { maxLength: 20 }),
      (drafts) => {
        const said = drafts.flatMap((one) => (one.kind === 'text' ? [one.text] : [])).join('')
        const shown = fold(log(user, ...drafts)).turns[0]?.blocks ?? []
        expect(shown.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')).toBe(said)
      },
    ),
  )
})
