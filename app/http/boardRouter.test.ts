import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createBoard, type Board } from '#app/eventlog/Board.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { PendingApproval } from '#app/schema/api.ts'
import { isCaughtUp, isEvent, openSse, type SseStream } from '../../test/fakes/sseClient.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'
import { boardRoutes } from './boardRouter.ts'
import { FeedHub } from './FeedHub.ts'

const silent = { info: () => undefined, warn: () => undefined, debug: () => undefined }
const approval = (name: string): PendingApproval => ({
  session_id: 's1',
  title: 'Slow builds',
  approval: name,
  action: 'touch /tmp/x',
  target: 'local',
  why: 'It is not on the allow-list.',
  risk: 'medium',
  expires: '2026-01-01T00:10:00.000Z',
})
const folder = mkdtempSync(join(tmpdir(), 'breakglass-board-'))
const log = new SqliteEventLog(folder)
const hub = new FeedHub(log, { logger: silent })
let app: TestApp
let board: Board
let pending: PendingApproval[] = []

beforeAll(async () => {
  board = createBoard(log, silent)
  app = await startTestApp(
    'token',
    boardRoutes({
      attach: (stream, input, options) => hub.attach(stream, { ...input, after: input.query.after }, options),
      pending: () => Promise.resolve(pending),
    }),
  )
})
afterAll(async () => {
  await board.close()
  hub.close()
  await app.stop()
  await log.close()
  rmSync(folder, { recursive: true })
})

const tell = (name: string): void =>
  board.tell(name, () => Promise.resolve([{ kind: 'approval_pending', data: approval(name) }]))
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${app.token}` })

async function open(query = ''): Promise<SseStream> {
  const stream = await openSse(`${app.url}/api/board/stream${query}`, { headers: bearer() })
  onTestFinished(() => stream.close())
  await stream.until(isCaughtUp)
  return stream
}

test('an empty board is a stream, not a 404; what is told then comes to everyone', async () => {
  const streams = [await open(), await open()]
  expect(streams[0]?.frames).toEqual([{ event: 'caught-up', data: { head: 0 } }])
  tell('p1')
  for (const stream of streams) {
    const { data } = await stream.until(isEvent)
    expect(data).toEqual({ kind: 'approval_pending', id: 1, at: expect.any(String), data: approval('p1') })
  }
})

test('a board without a position begins at its head, with one where it was left', async () => {
  const before = await open()
  tell('p2')
  const { data, id } = await before.until(isEvent)
  tell('p3')
  await before.until((frame) => isEvent(frame) && frame.data.id === data.id + 1)

  const fresh = await open()
  expect(fresh.events()).toEqual([])
  const resumed = await open(`?after=${id}`)
  expect(resumed.events().map((event) => event.data.approval)).toEqual(['p3'])
})

test('approvals that wait are a list, [] when there are none', async () => {
  const read = async () => (await fetch(`${app.url}/api/approvals`, { headers: bearer() })).json()
  expect(await read()).toEqual([])
  pending = [approval('p1')]
  expect(await read()).toEqual([approval('p1')])
})

test('nobody reads the board without an identity', async () => {
  for (const path of ['/api/board/stream', '/api/approvals'])
    expect((await fetch(app.url + path)).status, path).toBe(401)
})
