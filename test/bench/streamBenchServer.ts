import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { DatabaseSync } from 'node:sqlite'
import { DurableStreamTestServer } from '@durable-streams/server'
import { Redis } from 'ioredis'
import { openEventLog } from '#app/eventlog/openEventLog.ts'
import type { EventLog, Position } from '#app/eventlog/EventLog.ts'
import { toBatch } from '#app/eventlog/frame.ts'
import { createApp } from '#app/createApp.ts'
import { FeedHub } from '#app/http/FeedHub.ts'
import { createIdentity } from '#app/http/identity.ts'
import { createHttpServer } from '#app/http/listen.ts'
import { route } from '#app/http/Route.ts'
import { createLogger } from '#app/logger.ts'
import { z } from 'zod'
import { serveOperations } from './processes.ts'
import { monotonicMs, sleep } from './statistics.ts'

/** The server's side of the stream benches: ours, and what it is compared with. One role per process. */

let log: EventLog
let hub: FeedHub
const positions = new Map<string, Position>()
/** Responses of the raw server that wait for `drive`. */
const rawClients = new Set<ServerResponse>()

const prelude = 'event: caught-up\ndata: {"head":0}\n\n'

/** An event whose JSON is `jsonBytes` long, whatever its seq. */
function paddedEvent(seq: number, jsonBytes: number): { kind: string; text: string } {
  const others = toBatch('e', seq - 1, [{ kind: 'text', text: '' }]).frames.length
  return { kind: 'text', text: 'x'.repeat(jsonBytes - (others - `id: e.${seq}\ndata: \n\n`.length)) }
}

async function append(stream: string, count: number, jsonBytes: number): Promise<void> {
  const at = positions.get(stream) ?? (await log.head(stream))
  const events = Array.from({ length: count }, (_, i) => paddedEvent(at.seq + 1 + i, jsonBytes))
  const result = await log.append(stream, at, events, { relaxed: true })
  if (!result.ok) throw new Error(result.reason)
  positions.set(stream, { epoch: result.batch.epoch, seq: result.batch.last })
}

async function serve(handle: RequestListener): Promise<string> {
  return listenAnywhere(createServer(handle))
}

async function listenAnywhere(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1', 10_000)
  await once(server, 'listening')
  // A server that listens on a TCP port has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The real app with one route, its lines written to nowhere. */
async function startApp(): Promise<string> {
  const logger = await createLogger({
    destination: new Writable({ write: (_piece, _encoding, done) => done() }),
  })
  // A ping in the middle of a run would disturb the client's count of bytes, not the server.
  hub = new FeedHub(log, { logger, limits: { pingMs: 600_000 } })
  const stream = route({
    method: 'get',
    path: '/api/stream/:name',
    access: 'viewer',
    summary: 'A stream',
    params: z.object({ name: z.string() }),
    query: z.object({ after: z.string().optional() }),
    answers: { 200: { description: 'Events', contentType: 'text/event-stream' } },
    handle: (input) => hub.attach(input.params.name, { ...input, after: input.query.after }),
  })
  const address = { host: '127.0.0.1', port: 0 }
  const identity = createIdentity({ listen: address, logger }).middleware
  const app = createApp({
    routes: [stream],
    identity,
    ready: () => [],
    uiDir: '/nowhere',
    logger,
    version: '0',
  })
  return `${await listenAnywhere(createHttpServer(app))}/api`
}

function beginRaw(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'close' })
}

/** Calls `emit` for `rateHz` events a second, `seconds` long, as many at once as are due. Returns when it began. */
async function pace(rateHz: number, seconds: number, emit: (count: number) => unknown): Promise<number> {
  const total = rateHz * seconds
  const began = monotonicMs() + 100
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((monotonicMs() - began) * rateHz) / 1000) + 1)
    if (due <= sent) {
      await sleep(1)
      continue
    }
    await emit(due - sent)
    sent = due
    // Other work of the process gets its turn even when this is late.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return began
}

serveOperations({
  async startOurs(where: { redisUrl?: string; dataDir: string }) {
    log = await openEventLog(where)
    return startApp()
  },
  /** One append per event, as text arrives. */
  async fill(stream: string, count: number, jsonBytes: number) {
    for (let i = 0; i < count; i++) await append(stream, 1, jsonBytes)
  },
  fillTo: (stream: string, seq: number, jsonBytes: number) => append(stream, seq, jsonBytes),
  async untilIdle() {
    while (hub.counts.feeds > 0) await sleep(1)
  },
  async startRaw(count: number, jsonBytes: number) {
    const events = Array.from({ length: count }, (_, i) => paddedEvent(i + 1, jsonBytes))
    const all = Buffer.concat([toBatch('0123456789ab', 0, events).frames, Buffer.from(prelude)])
    return serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Length': all.length })
      response.write(all)
    })
  },
  async startGroupConcat(dataDir: string, count: number, jsonBytes: number) {
    const database = new DatabaseSync(`${dataDir}/concat.sqlite`)
    database.exec('CREATE TABLE frames (seq INTEGER PRIMARY KEY, frame TEXT NOT NULL); BEGIN')
    const insert = database.prepare('INSERT INTO frames VALUES (?, ?)')
    for (let seq = 1; seq <= count; seq++)
      insert.run(seq, toBatch('0123456789ab', seq - 1, [paddedEvent(seq, jsonBytes)]).frames.toString())
    database.exec('COMMIT')
    const select = database.prepare(
      `SELECT group_concat(frame, '') AS frames FROM (SELECT frame FROM frames ORDER BY seq)`,
    )
    return serve((_request, response) => {
      beginRaw(response)
      response.write(String(select.get()?.['frames']))
      response.write(prelude)
    })
  },
  async startDurableStreams(count: number, jsonBytes: number) {
    const server = new DurableStreamTestServer({ port: 0, host: '127.0.0.1' })
    const url = `${await server.start()}/bench`
    const headers = { 'content-type': 'application/json' }
    await fetch(url, { method: 'PUT', headers })
    const at = new Date().toISOString()
    const events = Array.from({ length: count }, (_, i) => {
      const { kind, text } = paddedEvent(i + 1, jsonBytes)
      return { kind, id: i + 1, at, text }
    })
    for (let i = 0; i < count; i += 100)
      await fetch(url, { method: 'POST', headers, body: JSON.stringify(events.slice(i, i + 100)) })
    return url
  },
  startRawFanOut: () =>
    serve((_request, response) => {
      response.removeHeader('Transfer-Encoding')
      response.useChunkedEncodingByDefault = false
      beginRaw(response)
      response.write(prelude)
      rawClients.add(response)
    }),
  driveOurs: (stream: string, rateHz: number, seconds: number, jsonBytes: number) =>
    pace(rateHz, seconds, (count) => append(stream, count, jsonBytes)),
  driveRaw(seq: number, rateHz: number, seconds: number, jsonBytes: number) {
    return pace(rateHz, seconds, (count) => {
      for (let i = 0; i < count; i++, seq++) {
        const { frames } = toBatch('0123456789ab', seq - 1, [paddedEvent(seq, jsonBytes)])
        for (const response of rawClients) response.write(frames)
      }
    })
  },
  /** Appends one event at a time, `count` times, each carrying when its append was called. */
  async appendStamped(streams: string[], count: number, gapMs: number) {
    for (let i = 0; i < count; i++) {
      const stream = streams[i % streams.length] ?? ''
      const at = positions.get(stream) ?? (await log.head(stream))
      const result = await log.append(stream, at, [
        { kind: 'text', sent: monotonicMs(), text: 'x'.repeat(100) },
      ])
      if (!result.ok) throw new Error(result.reason)
      positions.set(stream, { epoch: result.batch.epoch, seq: result.batch.last })
      await sleep(gapMs)
    }
  },
  /** The barest way across replicas: what is published on a channel is written to the client. */
  async startPublished(redisUrl: string, channel: string) {
    const subscriber = new Redis(redisUrl)
    await subscriber.subscribe(channel)
    let client: ServerResponse | undefined
    subscriber.on('messageBuffer', (_channel: Buffer, message: Buffer) => client?.write(message))
    return serve((_request, response) => {
      response.removeHeader('Transfer-Encoding')
      beginRaw(response)
      response.write(prelude)
      client = response
    })
  },
  /** Bytes that this process holds, when all that it can give back has been given back. */
  async residentBytes() {
    for (let i = 0; i < 3; i++) {
      await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' })
      await sleep(100)
    }
    return process.memoryUsage().rss
  },
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
})
