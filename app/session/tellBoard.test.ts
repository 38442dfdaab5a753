import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ReadNow } from '#app/eventlog/Board.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { SessionDraft } from '#app/schema/events.ts'
import { SessionStore, streamOf } from './SessionStore.ts'
import { listSessions } from './sessionList.ts'
import { pendingApprovals, tellBoard } from './tellBoard.ts'

const turn = 't-a1-0000000000000000'
const minute = 60_000
const inMinutes = (count: number): Date => new Date(Date.now() + count * minute)
const begun = (id: string): SessionDraft => ({
  ...{ kind: 'session', session_id: id, agent: 'a', model: 'm', target: 'web1' },
})
const prompted: SessionDraft = { kind: 'user', text: 'Slow builds', by: 'operator', turn }
const asked: SessionDraft = {
  ...{ kind: 'approval', turn, approval: 'p1', call: 'c1', action: 'touch /tmp/x', target: 'web1' },
  ...{ why: 'It is not on the allow-list.', risk: 'medium', undo: 'Remove it.', digest: 'd' },
  expires: inMinutes(10).toISOString(),
}
const card = (sessionId: string) => ({
  ...{ session_id: sessionId, title: 'Slow builds', approval: 'p1', action: 'touch /tmp/x', target: 'web1' },
  ...{ why: 'It is not on the allow-list.', risk: 'medium', undo: 'Remove it.' },
  expires: expect.any(String) as string,
})

let folder: string
let log: SqliteEventLog
let store: SessionStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakglass-tell-'))
  log = new SqliteEventLog(folder)
  store = new SessionStore(log)
})
afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

async function write(id: string, ...drafts: SessionDraft[]): Promise<void> {
  await log.append(streamOf(id), await log.head(streamOf(id)), drafts)
}

/** What the board reads when it is written. */
async function readOf(id: string, now?: () => Date): Promise<ReadNow> {
  const told = new Map<string, ReadNow>()
  tellBoard(store, id, { tell: (name, read) => void told.set(name, read) }, now)
  const read = told.get(id)
  if (read === undefined) throw new Error('nothing told')
  return read
}

test('the board is told the session and the approval that waits in it, with all that its card shows', async () => {
  await write('s1', begun('s1'), prompted, asked)
  expect(await (await readOf('s1'))()).toEqual([
    { kind: 'session_update', data: expect.objectContaining({ session_id: 's1', pending_approval: 'p1' }) },
    { kind: 'approval_pending', data: card('s1') },
  ])
})

test('an approval that was decided or has expired by then is not told as waiting', async () => {
  await write('s1', begun('s1'), prompted, asked)
  const kinds = async (read: ReadNow) => (await read()).map(({ kind }) => kind)
  expect(await kinds(await readOf('s1', () => inMinutes(11)))).toEqual(['session_update'])
  const read = await readOf('s1')
  await write('s1', { kind: 'decision', turn, approval: 'p1', decision: 'deny', by: 'operator' })
  expect(await kinds(read)).toEqual(['session_update'])
})

test('a session that is gone is not told', async () => {
  expect(await (await readOf('none'))()).toEqual([])
})

test('approvals that wait are listed, expired ones are not', async () => {
  await write('s1', begun('s1'), prompted, asked)
  await write('s2', begun('s2'), prompted)
  expect(await pendingApprovals(log, store)).toEqual([card('s1')])
  expect(await pendingApprovals(log, store, () => inMinutes(11))).toEqual([])
})

test('they are found among many sessions, without reading those that changed long ago', async () => {
  for (let i = 0; i < 250; i++) await write(`old${i}`, begun(`old${i}`), { kind: 'archived', by: 'o' })
  await write('s1', begun('s1'), prompted, asked)
  for (let i = 0; i < 120; i++) await write(`new${i}`, begun(`new${i}`), prompted)
  const page = vi.spyOn(log, 'page')
  expect(await pendingApprovals(log, store)).toEqual([card('s1')])
  expect(page.mock.calls.length).toBeLessThanOrEqual(200)
  page.mockClear()
  expect(await pendingApprovals(log, store, () => inMinutes(31))).toEqual([])
  expect(page).not.toHaveBeenCalled()
})

test('sessions in which nothing was asked are listed for an hour, and found by id for ever', async () => {
  await write('unused', begun('unused'))
  await write('used', begun('used'), prompted)
  const ids = async (minutes: number, options: { q?: string; archived?: boolean } = {}) =>
    (await listSessions(log, store, { limit: 50, ...options }, () => inMinutes(minutes)))
      .map((session) => session.session_id)
      .sort()
  expect(await ids(0)).toEqual(['unused', 'used'])
  expect(await ids(61)).toEqual(['used'])
  expect(await ids(61, { q: 'web1' })).toEqual(['used'])
  await write('unused', { kind: 'archived', by: 'o' })
  expect(await ids(61, { archived: true })).toEqual([])
  expect((await store.fold('unused')).state.head).toBe(2)
})
