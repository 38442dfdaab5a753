import { expect, test } from 'vitest'
import type { PendingApproval, Session } from '#app/schema/api.ts'
import { sayWaiting, waitingIn } from './waiting.ts'

const session = (id: string, other: Partial<Session>): Session => ({
  session_id: id,
  title: `Session ${id}`,
  state: 'running',
  agent: 'breakglass',
  model: 'runbook',
  target: 'local',
  head: 1,
  updated: '2026-01-01T00:00:00.000Z',
  usage: { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost: null },
  ...other,
})
const approval = (id: string, sessionId: string, minute: number): PendingApproval => ({
  session_id: sessionId,
  title: `Session ${sessionId}`,
  approval: id,
  action: 'true',
  target: 'box',
  why: '',
  risk: 'low',
  expires: `2026-01-01T00:${minute}:00.000Z`,
})

test('approvals come first, the one that expires soonest on top; then questions; each session once', () => {
  const sessions = [
    session('q', { pending_question: 'q1' }),
    session('b', { pending_approval: 'b1' }),
    session('unlisted', { pending_approval: 'u1' }),
    session('calm', {}),
  ]
  const waiting = waitingIn(sessions, [approval('a1', 'a', 20), approval('b1', 'b', 10)])
  expect(waiting.map(({ sessionId, what }) => [sessionId, what.type])).toEqual([
    ['b', 'approval'],
    ['a', 'approval'],
    ['q', 'question'],
    ['unlisted', 'approval'],
  ])
})

test.each([
  ['nothing', waitingIn([session('a', {})], []), ''],
  [
    'an approval',
    waitingIn([], [approval('a1', 'a', 10)]),
    'An approval waits for you in “Session a”, for box.',
  ],
  [
    'an approval that is not listed yet',
    waitingIn([session('a', { pending_approval: 'a1' })], []),
    'An approval waits for you in “Session a”.',
  ],
  [
    'a question',
    waitingIn([session('a', { pending_question: 'q' })], []),
    'A question waits for you in “Session a”.',
  ],
  [
    'two',
    waitingIn([session('a', { pending_question: 'q' })], [approval('b1', 'b', 10)]),
    '2 things wait for you.',
  ],
])('said aloud: %s', (_what, waiting, said) => {
  expect(sayWaiting(waiting)).toBe(said)
})

test('said aloud in a session that waits itself: how much of it is here', () => {
  const waiting = waitingIn([session('a', { pending_question: 'q' })], [approval('b1', 'b', 10)])
  expect(sayWaiting(waiting, 'a')).toBe('2 things wait for you, one of them in this session.')
  expect(sayWaiting(waiting, 'c')).toBe('2 things wait for you.')
})
