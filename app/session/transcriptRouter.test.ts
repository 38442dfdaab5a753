import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'
import { SessionStore } from './SessionStore.ts'
import { transcriptRoutes } from './transcriptRouter.ts'

const ended = { exit_code: 0, stderr: 'err\n', duration_ms: 1 }
const megabyte = 1024 * 1024

let folder: string
let log: SqliteEventLog
let app: TestApp
let pulled = 0
let stopped = 0

async function* manyPieces() {
  try {
    for (let i = 0; i < 100; i += 1) {
      pulled += 1
      await new Promise(setImmediate)
      yield { text: `${i}`.padEnd(megabyte - 1, '.') + '\n' }
    }
  } finally {
    stopped += 1
  }
}

beforeEach(async () => {
  pulled = 0
  stopped = 0
  folder = await mkdtemp(join(tmpdir(), 'transcript-'))
  log = new SqliteEventLog(folder)
  await log.append('session:s', { epoch: '', seq: 0 }, [
    { kind: 'user', text: 'hello', by: 'o' },
    { kind: 'tool_output', call: 'short', stdout: 'out\n', truncated: false, ...ended },
    { kind: 'tool_output', call: 'long', stdout: 'head … tail', truncated: true, output_bytes: 9, ...ended },
    { kind: 'tool_output', call: 'gone', stdout: 'head … tail', truncated: true, output_bytes: 9, ...ended },
    { kind: 'progress', call: 'gone', text: 'half' },
  ])
  const readOutput = async (_: string, call: string) => (call === 'long' ? manyPieces() : null)
  const attach = () => Promise.resolve()
  app = await startTestApp(
    'loopback',
    transcriptRoutes({ log, store: new SessionStore(log), attach, readOutput }),
  )
})
afterEach(async () => {
  await app.stop()
  await log.close()
  await rm(folder, { recursive: true })
})

const get = (path: string) => fetch(`${app.url}/api/session/s/output/${path}`)

test('an output that was not capped is what stands in its event', async () => {
  expect(await (await get('2')).text()).toBe('out\nerr\n')
})

test('a capped one comes whole', async () => {
  const answer = await get('3')
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  const text = await answer.text()
  expect(text.length).toBe(100 * megabyte)
  expect(text.endsWith('.\n')).toBe(true)
})

test('one that is no longer kept says so, before its head and tail', async () => {
  expect(await (await get('4')).text()).toMatch(
    /^\[The whole output is not kept [^\n]*\]\n\nhead … tailerr\n$/,
  )
})

test.each(['1', '5', '6', '0', 'x'])('there is no output at place %s', async (place) => {
  expect((await get(place)).status).toBeGreaterThanOrEqual(400)
})

test('a client that does not read holds the reading up, and one that goes away ends it', async () => {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${app.url}/api/session/s/output/3`, resolve).on('error', reject).end()
  })
  answer.on('error', () => undefined)
  let before = -1
  // Until no more is asked for although there is more: the buffers of the connection are full.
  await vi.waitFor(
    () => {
      const now = pulled
      const isStill = now === before && now > 0
      before = now
      expect(isStill).toBe(true)
    },
    { timeout: 20_000, interval: 200 },
  )
  expect(pulled).toBeLessThan(50)
  answer.destroy()
  await vi.waitFor(() => expect(stopped).toBe(1))
})

test('an export tells each output once: as JSON what stands in the log, without what ran along', async () => {
  const answer = await fetch(`${app.url}/api/session/s/export?format=json`)
  const events = (await answer.json()) as { kind: string }[]
  expect(events.map(({ kind }) => kind)).toEqual(['user', 'tool_output', 'tool_output', 'tool_output'])
})
