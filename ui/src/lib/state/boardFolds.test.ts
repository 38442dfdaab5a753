import { expect, test } from 'vitest'
import type { PendingApproval, Session } from '#app/schema/api.ts'
import { listed, withApproval, withoutDecided, withSession } from './boardFolds.ts'

const session = (id: string, minute: number, other: Partial<Session> = {}): Session => ({
  session_id: id,
  title: id,
  state: 'idle',
  agent: 'breakglass',
  model: 'runbook',
  target: 'local',
  head: minute,
  updated: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`,
  usage: { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost: null },
  ...other,
})
const approval = (id: string, sessionId: string): PendingApproval => ({
  session_id: sessionId,
  title: sessionId,
  approval: id,
  action: 'true',
  target: 'local',
  why: '',
  risk: 'low',
  expires: '2026-01-01T01:00:00.000Z',
})
const ids = (sessions: Session[]): string[] => sessions.map((one) => one.session_id)
const list = [session('c', 30), session('b', 20), session('a', 10)]

test('a session that changed goes where its time belongs; a new one too', () => {
  expect(ids(withSession(list, session('a', 40)))).toEqual(['a', 'c', 'b'])
  expect(ids(withSession(list, session('d', 25)))).toEqual(['c', 'd', 'b', 'a'])
  expect(ids(withSession(list, session('d', 1)))).toEqual(['c', 'b', 'a', 'd'])
  expect(ids(withSession([], session('a', 1)))).toEqual(['a'])
})

test('a session that was archived leaves the list', () => {
  expect(ids(withSession(list, session('b', 40, { state: 'archived' })))).toEqual(['c', 'a'])
})

test('news that is older than what is known changes nothing', () => {
  expect(withSession(list, session('b', 19, { title: 'old' }))).toBe(list)
})

test('an approval waits once for each session, until its session says otherwise', () => {
  const one = withApproval([approval('p1', 'a')], approval('q1', 'b'))
  expect(withApproval(one, approval('p2', 'a')).map((each) => each.approval)).toEqual(['q1', 'p2'])
  expect(withoutDecided(one, session('a', 1, { pending_approval: 'p1' }))).toEqual(one)
  expect(withoutDecided(one, session('a', 1))).toEqual([approval('q1', 'b')])
  expect(withoutDecided(one, session('a', 1, { pending_approval: 'p2' }))).toEqual([approval('q1', 'b')])
})

test('pages that overlap list each session once, as it is now, newest first', () => {
  const pages = [...list, session('b', 20), session('z', 5)]
  const live = [session('z', 50), session('c', 30), session('elsewhere', 60)]
  const shown = listed(pages, live)
  expect(ids(shown)).toEqual(['z', 'c', 'b', 'a'])
  expect(shown[0]?.head).toBe(50)
})
