import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { PendingApproval, Session } from '#app/schema/api.ts'
import { until } from '../../test/fakes/breakglass.ts'
import { boardStream, createBoard } from './Board.ts'
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
  board.tell('session_update', session('a'))
  board.tell('approval_pending', approval)
  const events = await toldOnce(({ length }) => length === 2)
  expect(events).toEqual([
    { kind: 'session_update', id: 1, at: expect.any(String), data: session('a') },
    { kind: 'approval_pending', id: 2, at: expect.any(String), data: approval },
  ])
  await board.close()
})

test('an update that still waits gives way to a newer one, behind all that was told before that', async () => {
  const board = createBoard(log, logger)
  // Under way at once; all the others wait for it.
  board.tell('session_update', session('first'))
  for (let head = 1; head <= 100; head++) board.tell('session_update', session('a', head))
  board.tell('approval_pending', approval)
  board.tell('session_update', session('a', 101))
  const events = await toldOnce(({ length }) => length >= 3)
  expect(events.map(({ data }) => data)).toEqual([session('first'), approval, session('a', 101)])
  await board.close()
})

test('replicas that tell at once lose nothing', async () => {
  const boards = [1, 2, 3].map(() => createBoard(log, logger))
  for (let i = 0; i < 50; i++)
    for (const [replica, board] of boards.entries()) board.tell('session_update', session(`${replica}-${i}`))
  const events = await toldOnce(({ length }) => length >= 150)
  expect(new Set(events.map(({ data }) => (data as Session).session_id)).size).toBe(150)
  for (const board of boards) await board.close()
})

test('a board that lost its data is told on from its new beginning', async () => {
  const board = createBoard(log, logger)
  board.tell('session_update', session('a', 1))
  await toldOnce(({ length }) => length === 1)
  await log.remove(boardStream)
  board.tell('session_update', session('a', 2))
  const events = await toldOnce(({ length }) => length === 1)
  expect(events).toMatchObject([{ id: 1, data: { head: 2 } }])
  await board.close()
})

test('while the log is away nothing is thrown; when it is back the newest state is told', async () => {
  const line = cuttable()
  const board = createBoard(line.log, logger)
  line.away = true
  for (let head = 1; head <= 9; head++) board.tell('session_update', session('a', head))
  await until('it was tried', () => line.tries > 0)
  expect(await told()).toEqual([])
  line.away = false
  const events = await toldOnce(({ length }) => length > 0)
  expect(events).toMatchObject([{ data: { head: 9 } }])
  await board.close()
})

test('what waits is bounded: the oldest is dropped, with a word in the log', async () => {
  const line = cuttable()
  line.away = true
  const board = createBoard(line.log, logger)
  for (let i = 0; i < 600; i++) board.tell('session_update', session(String(i)))
  expect(debug.mock.calls.filter(([, text]) => /full/.test(String(text)))).toHaveLength(100)
  line.away = false
  const events = await toldOnce(({ length }) => length >= 500)
  expect(events[0]).toMatchObject({ data: { session_id: '100' } })
  await board.close()
})

test('a closed board tells nothing more, and does not wait for a log that is away', async () => {
  const line = cuttable()
  line.away = true
  const board = createBoard(line.log, logger)
  board.tell('session_update', session('a'))
  await board.close()
  line.away = false
  board.tell('session_update', session('b'))
  expect(await told()).toEqual([])
})
