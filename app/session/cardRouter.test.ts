import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { errorHandler } from '#app/http/errorHandler.ts'
import { mountRoutes } from '#app/http/mountRoutes.ts'
import { contextOf } from '#app/http/requestContext.ts'
import type { Identity } from '#app/http/Route.ts'
import { securityHeaders } from '#app/http/securityHeaders.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { createLogger } from '#app/logger.ts'
import type { SessionDraft } from '#app/schema/events.ts'
import { cardRoutes } from './cardRouter.ts'
import { sessionRoutes } from './sessionRouter.ts'
import { SessionStore, streamOf } from './SessionStore.ts'

const turn = 't-a1-0000000000000000'
const begun: SessionDraft = { kind: 'session', session_id: 's1', agent: 'a', model: 'm', target: 'web1' }
const waiting: SessionDraft[] = [
  { kind: 'user', text: 'go', by: 'operator', turn },
  {
    ...{ kind: 'approval', turn, approval: 'p1', call: 'c1', action: 'rm x', target: 'web1', why: '' },
    ...{ risk: 'high', digest: '', expires: new Date(Date.now() + 600_000).toISOString() },
  },
  { kind: 'question', turn, question: 'q1', text: 'Which?' },
]

let role: Identity['role']
let folder: string
let log: SqliteEventLog
let server: Server
const audit = vi.fn()
const startTurn = vi.fn()
const cancelHere = vi.fn(() => true)

beforeEach(async () => {
  role = 'operator'
  for (const one of [audit, startTurn, cancelHere]) one.mockClear()
  folder = mkdtempSync(join(tmpdir(), 'breakglass-cards-'))
  log = new SqliteEventLog(folder)
  const store = new SessionStore(log)
  await log.append(streamOf('s1'), { epoch: '', seq: 0 }, [begun, ...waiting])
  await log.append(streamOf('idle'), { epoch: '', seq: 0 }, [{ ...begun, session_id: 'idle' }])
  const redact = (text: string): string => text.replaceAll('hunter2', '[hidden]')
  const app = express()
  app.use(securityHeaders(), (_request, response, next) => {
    contextOf(response).identity = { name: 'someone', source: 'token', role }
    next()
  })
  mountRoutes(app, [
    ...sessionRoutes({
      ...{ log, store, replica: 'a1', cancelHere, startTurn, redact, audit, draining: () => false },
      choices: () => ({ presets: [], targets: ['web1'], agents: ['a'], models: ['m'] }),
      defaults: () => ({ agent: 'a', model: 'm', target: 'web1' }),
    }),
    ...cardRoutes({ store, audit, redact, now: () => new Date() }),
  ])
  app.use(errorHandler(await createLogger({ destination: { write: () => undefined } })))
  server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await log.close()
  rmSync(folder, { recursive: true })
})

async function call(method: string, path: string, body?: unknown) {
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/api${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: answer.status, json: await answer.json() }
}

const approve = '/session/s1/approvals/p1'
const answer = '/session/s1/answers/q1'

test.each<[string, string, unknown?]>([
  ['POST', approve, { decision: 'approve' }],
  ['POST', approve, { decision: 'deny' }],
  ['POST', answer, { text: 'that one' }],
  ['POST', '/session/idle/prompt', { prompt: 'go' }],
  ['POST', '/session/s1/cancel'],
  ['POST', '/session', {}],
  ['DELETE', '/session/idle'],
])('a viewer looks on: %s %s is forbidden and does nothing', async (method, path, body) => {
  role = 'viewer'
  expect((await call('GET', '/session/s1')).status).toBe(200)
  expect(await call(method, path, body)).toMatchObject({ status: 403, json: { code: 'forbidden' } })
  expect((await log.head(streamOf('s1'))).seq).toBe(4)
  expect((await log.head(streamOf('idle'))).seq).toBe(1)
  expect(await log.streams('session:', 10)).toHaveLength(2)
  for (const done of [audit, startTurn, cancelHere]) expect(done).not.toHaveBeenCalled()

  role = 'operator'
  expect((await call(method, path, body)).status).toBeLessThan(300)
  expect(audit).toHaveBeenCalledTimes(1)
})

test.each<[string, unknown, RegExp]>([
  [approve, { decision: 'deny', reason: 'x'.repeat(1001) }, /reason: .* 0 to 1000 characters/],
  [approve, { decision: 'perhaps' }, /decision: .* one of approve, deny/],
  [answer, { text: 'x'.repeat(10_001) }, /text: .* 1 to 10000 characters/],
  [answer, { text: '' }, /text: .* 1 to 10000 characters/],
  ['/session/idle/prompt', { prompt: 'x'.repeat(100_001) }, /prompt: .* 0 to 100000 characters/],
])('too much or the wrong thing is told in a sentence: %s', async (path, body, sentence) => {
  const { status, json } = await call('POST', path, body)
  expect(status).toBe(400)
  expect(json).toMatchObject({
    code: 'bad_request',
    detail: expect.stringMatching(sentence) as string,
  })
  expect((await log.head(streamOf('s1'))).seq).toBe(4)
  expect((await log.head(streamOf('idle'))).seq).toBe(1)
})

test('a reason and an answer are stored without secrets', async () => {
  await call('POST', approve, { decision: 'deny', reason: 'not with hunter2' })
  await call('POST', answer, { text: 'use hunter2' })
  const { events } = await new SessionStore(log).events('s1')
  expect(events.slice(-2)).toMatchObject([{ reason: 'not with [hidden]' }, { text: 'use [hidden]' }])
})

test('an answer that comes after the wait is over is told so', async () => {
  const over = { exit_code: null, stdout: '', stderr: 'Nobody answered.', truncated: false, duration_ms: 0 }
  await log.append(streamOf('s1'), await log.head(streamOf('s1')), [
    { kind: 'tool_output', turn, call: 'q1', ...over },
  ])
  expect((await call('GET', '/session/s1')).json).not.toHaveProperty('pending_question')
  expect(await call('POST', answer, { text: 'late' })).toMatchObject({
    status: 409,
    json: { code: 'conflict' },
  })
})
