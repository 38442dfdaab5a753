import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { PendingApproval, Session } from '#app/schema/api.ts'
import { until } from '../../test/fakes/breakglass.ts'
import { boardStream, createBoard, type BoardEvent, type ReadNow } from './Board.ts'
import type { EventLog, StoredEvent } from './EventLog.ts'
import { parseFrames } from './frame.ts'
import { SqliteEventLog } from './SqliteEventLog.ts'

let folder: string
let log: SqliteEventLog
const debug = vi.fn()
const logger = { debug }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakglass-board-'))
  log = new SqliteEventLog(folder)
  debug.mockClear()
})
afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

const session = (id: string, head = 1): Session => ({
  session_id: id,
  title: 'Slow builds',
  state: 'running',
  agent: 'breakglass',
  model: 'runbook',
  target: 'local',
  head,
  updated: '2026-01-01T00:00:00.000Z',
  usage: { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost: null },
})

const approval: PendingApproval = {
  session_id: 'a',
  title: 'Slow builds',
  approval: 'p1',
  action: 'touch /tmp/x',
  target: 'local',
  why: 'It is not on the allow-list.',
  risk: 'medium',
  expires: '2026-01-01T00:10:00.000Z',
}

const sessionNow = (data: Session): BoardEvent => ({ kind: 'session_update', data })
const approvalNow: BoardEvent = { kind: 'approval_pending', data: approval }
const reads =
  (...events: BoardEvent[]): ReadNow =>
  () =>
    Promise.resolve(events)

async function told(): Promise<StoredEvent[]> {
  const { batch } = await log.page(boardStream, 0, 10_000)
  return batch === null ? [] : parseFrames(batch.frames)
}

/** Waits until the board holds what `matches`, and returns all of it. */
const toldOnce = (matches: (events: StoredEvent[]) => boolean) =>
  until('the board is told', async () => {
    const events = await told()
    return matches(events) && events
  })

/** The log behind a line that can be cut. */
function cuttable(): { log: Pick<EventLog, 'append'>; away: boolean; tries: number } {
  const self = {
    away: false,
    tries: 0,
    log: {
      append: (...given: Parameters<EventLog['append']>) => {
        self.tries++
        return self.away ? Promise.reject(new AppError('log_unavailable', 'Away.')) : log.append(...given)
      },
    },
  }
  return self
}

test('what is told stands on the board, in order, with kind and data', async () => {
  const board = createBoard(log, logger)
  board.tell('a', reads(sessionNow(session('a')), approvalNow))
  const events = await toldOnce(({ length }) => length === 2)
  expect(events).toEqual([
    { kind: 'session_update', id: 1, at: expect.any(String), data: session('a') },
    { kind: 'approval_pending', id: 2, at: expect.any(String), data: approval },
  ])
  await board.close()
})

test('who tells learns when it stands there, not while the log is away, and not for what was told again', async () => {
  const line = cuttable()
  line.away = true
  const board = createBoard(line.log, logger)
  const stands: string[] = []
  board.tell('a', reads(sessionNow(session('a', 1))), () => stands.push('first'))
  board.tell('a', reads(sessionNow(session('a', 2))), () => stands.push('second'))
  await until('it was tried', () => line.tries > 0)
  expect(stands).toEqual([])
  line.away = false
  await until('it is told', () => stands.length > 0)
  expect(stands).toEqual(['second'])
  expect(await told()).toMatchObject([{ data: { head: 2 } }])
  await board.close()
})

test('what changes many times in a row is read once, as it is when it is written', async () => {
  const board = createBoard(log, logger)
  let head = 0
  const read = vi.fn(() => Promise.resolve([sessionNow(session('a', head))]))
  for (head = 0; head < 100; head++) board.tell('a', read)
  const events = await toldOnce(({ length }) => length > 0)
  expect(events.map(({ data }) => data)).toEqual([session('a', 100)])
  // Once more for where the board stands, which is not known at first.
  expect(read.mock.calls.length).toBeLessThanOrEqual(2)
  await board.close()
})

test('a change while it is being read is told too', async () => {
  const board = createBoard(log, logger)
  let head = 1
  board.tell('a', () => {
    const seen = head
    if (head === 1) {
      head = 2
      board.tell('a', () => Promise.resolve([sessionNow(session('a', head))]))
    }
    return Promise.resolve([sessionNow(session('a', seen))])
  })
  const events = await toldOnce((found) => found.some(({ data }) => (data as Session).head === 2))
  expect(events.at(-1)).toMatchObject({ data: { head: 2 } })
  await board.close()
})

test('what another replica has told meanwhile is never followed by what was true before', async () => {
  let head = 1
  const began = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const slow = createBoard(log, logger)
  const quick = createBoard(log, logger)
  slow.tell('other', reads(sessionNow(session('other'))))
  await toldOnce(({ length }) => length === 1)
  slow.tell('a', async () => {
    const seen = head
    began.resolve()
    await go.promise
    return [sessionNow(session('a', seen))]
  })
  await began.promise
  head = 2
  quick.tell('a', () => Promise.resolve([sessionNow(session('a', head))]))
  await toldOnce(({ length }) => length === 2)
  go.resolve()
  const events = await toldOnce(({ length }) => length === 3)
  expect(events.map(({ data }) => (data as Session).head)).toEqual([1, 2, 2])
  await slow.close()
  await quick.close()
})

test('what has nothing to tell, or cannot be read, does not hold up the rest', async () => {
  const board = createBoard(log, logger)
  board.tell('gone', reads())
  board.tell('broken', () => Promise.reject(new Error('no such thing')))
  board.tell('a', reads(sessionNow(session('a'))))
  expect(await toldOnce(({ length }) => length > 0)).toMatchObject([{ data: { session_id: 'a' } }])
  await board.close()
})

test('replicas that tell at once lose nothing', async () => {
  const boards = [1, 2, 3].map(() => createBoard(log, logger))
  for (let i = 0; i < 50; i++)
    for (const [replica, board] of boards.entries()) {
      const name = `${replica}-${i}`
      board.tell(name, reads(sessionNow(session(name))))
    }
  const events = await toldOnce(({ length }) => length >= 150)
  expect(new Set(events.map(({ data }) => (data as Session).session_id)).size).toBe(150)
  for (const board of boards) await board.close()
})

test('a board that lost its data is told on from its new beginning', async () => {
  const board = createBoard(log, logger)
  board.tell('a', reads(sessionNow(session('a', 1))))
  await toldOnce(({ length }) => length === 1)
  await log.remove(boardStream)
  board.tell('a', reads(sessionNow(session('a', 2))))
  const events = await toldOnce(({ length }) => length === 1)
  expect(events).toMatchObject([{ id: 1, data: { head: 2 } }])
  await board.close()
})

test('while the log is away nothing is thrown or lost; what is told when it is back was read then', async () => {
  const line = cuttable()
  const board = createBoard(line.log, logger)
  line.away = true
  let head = 1
  const pending: BoardEvent[] = [approvalNow]
  board.tell('a', () => Promise.resolve([sessionNow(session('a', head)), ...pending]))
  board.tell('b', () =>
    line.away
      ? Promise.reject(new AppError('log_unavailable', 'Away.'))
      : Promise.resolve([sessionNow(session('b'))]),
  )
  await until('it was tried', () => debug.mock.calls.some(([, text]) => /waits/.test(String(text))))
  expect(await told()).toEqual([])
  head = 9
  pending.pop()
  line.away = false
  const events = await toldOnce(({ length }) => length >= 2)
  expect(events.map(({ data }) => data)).toEqual([session('a', 9), session('b')])
  await board.close()
})

test('what waits is bounded: the oldest is dropped, with a word in the log', async () => {
  const line = cuttable()
  line.away = true
  const board = createBoard(line.log, logger)
  for (let i = 0; i < 2100; i++) board.tell(String(i), reads(sessionNow(session(String(i)))))
  expect(debug.mock.calls.filter(([, text]) => /full/.test(String(text)))).toHaveLength(100)
  line.away = false
  const events = await toldOnce(({ length }) => length >= 2000)
  expect(events[0]).toMatchObject({ data: { session_id: '100' } })
  await board.close()
})

test('a board that is closed tells at once what waits, and nothing more', async () => {
  const board = createBoard(log, logger)
  board.tell('a', reads(sessionNow(session('a'))))
  await board.close()
  board.tell('b', reads(sessionNow(session('b'))))
  expect(await told()).toMatchObject([{ data: { session_id: 'a' } }])
})

test('closing does not wait for a log that is away', async () => {
  const line = cuttable()
  line.away = true
  const board = createBoard(line.log, logger)
  board.tell('a', reads(sessionNow(session('a'))))
  await board.close()
  expect(line.tries).toBe(1)
})
