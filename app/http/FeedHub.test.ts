import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { AppendOptions, EventLog, Position } from '#app/eventlog/EventLog.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { isCaughtUp, isEvent, openSse, type SseFrame, type SseStream } from '../../test/fakes/sseClient.ts'
import {
  startStreamServer,
  type StreamServer,
  type StreamServerOptions,
} from '../../test/fakes/streamServer.ts'

const name = 'session:one'
let dir: string
let log: EventLog
let servers: StreamServer[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feed-'))
  log = new SqliteEventLog(dir)
  servers = []
})

afterEach(async () => {
  for (const server of servers) await server.stop()
  await log.close()
  await rm(dir, { recursive: true })
})

async function start(options?: StreamServerOptions, from: EventLog = log): Promise<StreamServer> {
  const server = await startStreamServer(from, options)
  servers.push(server)
  return server
}

/** Appends `count` events, all in one go. */
async function append(count: number, options?: AppendOptions & { size?: number }): Promise<Position> {
  const at = await log.head(name)
  const text = 'x'.repeat(options?.size ?? 10)
  const events = Array.from({ length: count }, (_, i) => ({ kind: 'text', text, n: at.seq + 1 + i }))
  const result = await log.append(name, at, events, options)
  if (!result.ok) throw new Error(result.reason)
  return { epoch: result.batch.epoch, seq: result.batch.last }
}

const attach = (
  server: StreamServer,
  query = '',
  options?: Parameters<typeof openSse>[1],
): Promise<SseStream> => openSse(`${server.url}/stream/${name}${query}`, options)

/** A log that answers as `log` does, except for what `changed` says. */
const withChanges = (changed: Partial<EventLog>): EventLog =>
  new Proxy(log, {
    // The proxied methods are called on the real log, whose private fields they need.
    get: (real, key: keyof EventLog) => changed[key] ?? (real[key] as () => unknown).bind(real),
  })

const ids = (stream: SseStream): number[] => stream.events().map(({ id }) => id)
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)
const isId =
  (id: number) =>
  (frame: SseFrame): boolean =>
    isEvent(frame) && frame.data.id === id
const isNamed =
  (event: string) =>
  (frame: SseFrame): boolean =>
    frame.event === event

describe('an attach', () => {
  test('replays the log, says caught-up with the head, and follows', async () => {
    const { epoch } = await append(3)
    const server = await start()
    const stream = await attach(server)
    expect((await stream.until(isCaughtUp)).data).toEqual({ head: 3 })
    await append(2)
    await stream.until(isId(5))
    expect(stream.frames.map(({ event, id }) => id ?? event)).toEqual([
      `${epoch}.1`,
      `${epoch}.2`,
      `${epoch}.3`,
      'caught-up',
      `${epoch}.4`,
      `${epoch}.5`,
    ])
    expect(stream.events()[3]).toMatchObject({ kind: 'text', id: 4, n: 4 })
  })

  test('is an event stream that no proxy may buffer, change or compress', async () => {
    await append(1)
    const stream = await attach(await start(), '', { headers: { 'accept-encoding': 'gzip, br' } })
    expect(stream.status).toBe(200)
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      connection: 'close',
    })
    expect(stream.headers).not.toHaveProperty('transfer-encoding')
    expect(stream.headers).not.toHaveProperty('content-encoding')
    await stream.until(isCaughtUp)
    expect(stream.retry()).toBeGreaterThanOrEqual(2000)
    expect(stream.retry()).toBeLessThanOrEqual(3000)
  })

  test('goes on after Last-Event-ID or ?after=, the larger of the two', async () => {
    const { epoch } = await append(9)
    const server = await start()
    for (const [query, lastEventId] of [
      ['', `${epoch}.6`],
      ['?after=6', undefined],
      [`?after=${epoch}.6`, undefined],
      ['?after=2', `${epoch}.6`],
      [`?after=${epoch}.6`, `${epoch}.2`],
      ['?after=6', 'older.8'],
    ] as const) {
      const stream = await attach(server, query, { lastEventId })
      await stream.until(isCaughtUp)
      expect(stream.frames.map(({ event }) => event)).not.toContain('reset')
      expect(ids(stream)).toEqual([7, 8, 9])
      stream.close()
    }
  })

  test('at the head there is nothing to replay', async () => {
    await append(4)
    const stream = await attach(await start(), '?after=4')
    await stream.until(isCaughtUp)
    expect(stream.frames).toEqual([{ event: 'caught-up', data: { head: 4 } }])
  })

  test.each(['?after=x', '?after=-1', '?after=a.b.c'])('with %s is a bad request', async (query) => {
    await append(1)
    const stream = await attach(await start(), query)
    await stream.closed
    expect([stream.status, JSON.parse(stream.text())]).toMatchObject([400, { code: 'bad_request' }])
  })

  test('to an unknown stream is a 404 in JSON', async () => {
    const server = await start()
    const stream = await attach(server)
    await stream.closed
    expect([stream.status, JSON.parse(stream.text())]).toMatchObject([404, { code: 'not_found' }])
    expect(server.hub.counts).toEqual({ feeds: 0, clients: 0 })
  })

  test('to a stream that may be empty waits for its first event', async () => {
    const stream = await attach(await start({ attach: { allowEmpty: true } }))
    expect((await stream.until(isCaughtUp)).data).toEqual({ head: 0 })
    await append(2)
    await stream.until(isId(2))
    expect(ids(stream)).toEqual([1, 2])
  })

  test('may begin at the head where no position is given', async () => {
    await append(5)
    const server = await start({ attach: { from: 'head' } })
    const fresh = await attach(server)
    const back = await attach(server, '?after=3')
    await Promise.all([fresh.until(isCaughtUp), back.until(isCaughtUp)])
    expect([ids(fresh), ids(back)]).toEqual([[], [4, 5]])
  })

  test('behind another request on the same connection is refused', async () => {
    await append(1)
    const server = await start()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    let text = ''
    socket.on('data', (piece) => (text += piece.toString()))
    const line = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    socket.write(line(`/events/${name}?after=1&wait=0.2`) + line(`/stream/${name}`))
    await vi.waitFor(() => expect(text).toContain('cannot be pipelined'))
    expect(server.hub.counts).toEqual({ feeds: 0, clients: 0 })
    socket.destroy()
  })

  test('keeps its connection to itself: a further request on it is not answered', async () => {
    await append(1)
    const server = await start()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    let text = ''
    socket.on('data', (piece) => (text += piece.toString()))
    socket.write(`GET /stream/${name} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await vi.waitFor(() => expect(text).toContain('caught-up'))
    socket.write(`GET /events/${name} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await append(1)
    await vi.waitFor(() => expect(text).toContain('"id":2'))
    await openSse(`${server.url}/events/${name}`).then(({ closed }) => closed)
    expect(text.match(/HTTP\/1.1/g)).toHaveLength(1)
    socket.end()
    await vi.waitFor(() => expect(server.hub.counts.clients).toBe(0))
  })

  test('outlives the listening socket', async () => {
    await append(1)
    const server = await start()
    const stream = await attach(server)
    await stream.until(isCaughtUp)
    server.server.close()
    server.server.closeIdleConnections()
    await append(1)
    await stream.until(isId(2))
  })

  test('is logged from its beginning to its end, without content', async () => {
    await append(2, { size: 50 })
    const server = await start()
    const stream = await attach(server)
    await stream.until(isCaughtUp)
    stream.close()
    await vi.waitFor(() => expect(server.lines.at(-1)?.msg).toBe('detached'))
    expect(server.lines.map(({ msg }) => msg)).toEqual(['attached', 'caught up', 'detached'])
    expect(server.lines[2]).toMatchObject({ stream: name, request: 'r1', reason: 'left', events: 2 })
    expect(new Set(server.lines.map((line) => line.attach)).size).toBe(1)
    expect(JSON.stringify(server.lines)).not.toContain('xxx')
  })

  test('with the log away is a 503, unless a feed here can serve it', async () => {
    await append(3)
    let away = false
    const head: EventLog['head'] = async (stream) => {
      if (away) throw new AppError('log_unavailable', 'away')
      return log.head(stream)
    }
    const server = await start({}, withChanges({ head }))
    const first = await attach(server)
    await first.until(isCaughtUp)
    away = true
    const second = await attach(server, '?after=1')
    await second.until(isCaughtUp)
    expect(ids(second)).toEqual([2, 3])
    first.close()
    second.close()
    await vi.waitFor(() => expect(server.hub.counts.clients).toBe(0))
    const third = await attach(server)
    expect(third.status).toBe(503)
  })
})

describe('replay and live', () => {
  test('one feed follows the log for all clients of a stream, and goes with the last of them', async () => {
    await append(1)
    let following = 0
    const follow: EventLog['follow'] = (...args) => {
      following++
      const unfollow = log.follow(...args)
      return () => {
        following--
        unfollow()
      }
    }
    const server = await start({}, withChanges({ follow }))
    const streams = await Promise.all([attach(server), attach(server), attach(server)])
    await Promise.all(streams.map((stream) => stream.until(isCaughtUp)))
    expect([following, server.hub.counts]).toEqual([1, { feeds: 1, clients: 3 }])
    for (const stream of streams) stream.close()
    await vi.waitFor(() => expect(server.hub.counts).toEqual({ feeds: 0, clients: 0 }))
    expect(following).toBe(0)
  })

  test('a second attach is served from memory', async () => {
    await append(2000, { size: 200 })
    let pages = 0
    const page: EventLog['page'] = (...args) => {
      pages++
      return log.page(...args)
    }
    const server = await start({}, withChanges({ page }))
    const first = await attach(server)
    await first.until(isCaughtUp)
    expect(pages).toBeGreaterThan(1)
    pages = 0
    await append(1)
    const second = await attach(server)
    await second.until(isCaughtUp)
    expect(pages).toBe(0)
    expect(ids(second)).toEqual(upTo(2001))
  })

  test('what is written while a page is read leaves neither hole nor overlap', async () => {
    await append(3000, { size: 200 })
    let pages = 0
    const page: EventLog['page'] = async (...args) => {
      const before = pages % 2 === 0
      pages++
      if (before) await append(3)
      const read = await log.page(...args)
      if (!before && pages < 20) await append(3)
      return read
    }
    const server = await start({ limits: { feedBytes: 1 } }, withChanges({ page }))
    const stream = await attach(server)
    const { head } = (await stream.until(isCaughtUp)).data
    const last = await append(1)
    await stream.until(isId(last.seq))
    expect(pages).toBeGreaterThan(2)
    expect(ids(stream)).toEqual(upTo(last.seq))
    const at = stream.frames.findIndex(isCaughtUp)
    expect(stream.frames[at - 1]?.data.id).toBe(head)
  })

  test('a log that is ahead of its follower is read, and not told twice', async () => {
    await append(2)
    const held: (() => void)[] = []
    const follow: EventLog['follow'] = (stream, from, listener) =>
      log.follow(stream, from, (change) => held.push(() => listener(change)))
    const server = await start({}, withChanges({ follow }))
    const early = await attach(server)
    await early.until(isCaughtUp)
    await append(3)
    const late = await attach(server, '?after=1')
    expect((await late.until(isCaughtUp)).data).toEqual({ head: 5 })
    for (const tell of held.splice(0)) tell()
    await append(1)
    for (const tell of held.splice(0)) tell()
    await Promise.all([early.until(isId(6)), late.until(isId(6))])
    expect([ids(early), ids(late)]).toEqual([upTo(6), upTo(6, 2)])
  })

  test('however appends, attaches and a late follower interleave, each client sees exactly the log', async () => {
    type Step = { append: number } | { attachBehind: number } | 'hold' | 'tell' | 'yield'
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 150 }) }),
      fc.record({ attachBehind: fc.nat(200) }),
      fc.constantFrom('hold', 'tell', 'yield'),
    )
    let isHeld = false
    const held: (() => void)[] = []
    const tellAll = (): void => {
      isHeld = false
      for (const tell of held.splice(0)) tell()
    }
    const follow: EventLog['follow'] = (stream, from, listener) =>
      log.follow(stream, from, (change) => {
        if (isHeld) held.push(() => listener(change))
        else listener(change)
      })
    const server = await start({ limits: { feedBytes: 20_000 } }, withChanges({ follow }))
    const play = async (steps: Step[]): Promise<void> => {
      const opened: { after: number; stream: SseStream }[] = []
      await append(1)
      for (const taken of steps) {
        if (taken === 'hold') isHeld = true
        else if (taken === 'tell') tellAll()
        else if (taken === 'yield') await new Promise((resolve) => setTimeout(resolve, 1))
        else if ('append' in taken) await append(taken.append)
        else {
          const after = Math.max(0, (await log.head(name)).seq - taken.attachBehind)
          opened.push({ after, stream: await attach(server, `?after=${after}`) })
        }
      }
      tellAll()
      const { seq } = await append(1)
      for (const { after, stream } of opened) {
        await stream.until(isId(seq))
        await stream.until(isCaughtUp)
        expect(ids(stream)).toEqual(upTo(seq, after + 1))
        stream.close()
      }
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), play), { numRuns: 40 })
  })

  test('200 clients that come and go each see exactly the log', { timeout: 60_000 }, async () => {
    await append(50)
    const total = 1500
    const server = await start({ limits: { feedBytes: 32 * 1024 } })
    const attacher = async (which: number): Promise<number[]> => {
      const seen: number[] = []
      let lastEventId: string | undefined
      for (let visit = 0; seen.length < total; visit++) {
        const stream = await attach(server, '', { lastEventId })
        const leaveAt = visit < 4 ? seen.length + 1 + ((which * 37 + visit * 101) % 400) : total
        await stream.until((frame) => isEvent(frame) && frame.data.id >= Math.min(leaveAt, total))
        stream.close()
        seen.push(...ids(stream))
        lastEventId = stream.lastId()
      }
      return seen
    }
    const all = Array.from({ length: 200 }, (_, which) => attacher(which))
    const writing = (async () => {
      for (let at = 50; at < total; at += 10) {
        await append(10)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await writing
    for (const seen of await Promise.all(all)) expect(seen).toEqual(upTo(total))
  })
})

describe('a position that does not stand', () => {
  test.each([
    ['in another epoch', '?after=other.2'],
    ['above the head', '?after=99'],
  ])('%s: reset, then all of the log, then caught-up', async (_name, query) => {
    await append(3)
    const stream = await attach(await start(), query)
    await stream.until(isCaughtUp)
    expect(stream.frames[0]).toEqual({ event: 'reset', data: { reason: expect.any(String), head: 3 } })
    expect(stream.frames[0]).not.toHaveProperty('id')
    expect(ids(stream)).toEqual([1, 2, 3])
  })

  test('below what was trimmed: reset says so, then what is left', async () => {
    for (let i = 0; i < 10; i++) await append(10, { keep: 30 })
    const { trimmedTo } = await log.page(name, 0, 1)
    const stream = await attach(await start(), '?after=5')
    await stream.until(isCaughtUp)
    expect(stream.frames[0]?.data).toEqual({ reason: expect.stringContaining(`${trimmedTo}`), head: 100 })
    expect(ids(stream)).toEqual(upTo(100, trimmedTo + 1))
  })

  test('a new epoch under attached clients: each is reset once and sees all of it', async () => {
    await append(4)
    const server = await start()
    const streams = await Promise.all([attach(server), attach(server, '?after=4')])
    await Promise.all(streams.map((stream) => stream.until(isCaughtUp)))
    const { epoch } = await append(2, { newEpoch: true })
    for (const stream of streams) {
      await stream.until(isNamed('reset'))
      await stream.until((frame) => frame.id === `${epoch}.6`)
      const at = stream.frames.findIndex(isNamed('reset'))
      const after = stream.frames.slice(at + 1)
      expect(after.filter(isEvent).map(({ id }) => id)).toEqual(upTo(6).map((seq) => `${epoch}.${seq}`))
      expect(stream.frames.filter(isNamed('reset'))).toHaveLength(1)
      await vi.waitFor(() => expect(stream.frames.filter(isCaughtUp)).toHaveLength(2))
    }
    await append(1)
    for (const stream of streams) await stream.until((frame) => frame.id === `${epoch}.7`)
  })

  test('what was announced and then taken back is reset in the same epoch', async () => {
    const { epoch } = await append(2)
    const stream = await attach(await start())
    await stream.until(isCaughtUp)
    const frame = `id: ${epoch}.3\ndata: {"kind":"text","id":3,"at":"","text":"never stored"}\n\n`
    log.announce(name, { epoch, first: 3, last: 3, frames: Buffer.from(frame) })
    await stream.until(isId(3))
    log.withdraw(name)
    await stream.until(isNamed('reset'))
    await append(1)
    await stream.until((frame) => frame.data.n === 3)
    const at = stream.frames.findIndex(isNamed('reset'))
    expect(
      stream.frames
        .slice(at)
        .filter(isEvent)
        .map(({ data }) => data.n),
    ).toEqual([1, 2, 3])
  })

  test('a removed stream: reset with head 0, then gone, and the stream ends', async () => {
    await append(3)
    const server = await start()
    const stream = await attach(server)
    await stream.until(isCaughtUp)
    await log.remove(name)
    await stream.closed
    expect(stream.frames.slice(-2)).toEqual([
      { event: 'reset', data: { reason: expect.any(String), head: 0 } },
      { event: 'gone', data: {} },
    ])
    expect(server.lines.at(-1)).toMatchObject({ msg: 'detached', reason: 'gone' })
    expect((await attach(server)).status).toBe(404)
  })

  test('a removed stream that may be empty goes on from nothing', async () => {
    await append(3)
    const stream = await attach(await start({ attach: { allowEmpty: true } }))
    await stream.until(isCaughtUp)
    await log.remove(name)
    await stream.until((frame) => isCaughtUp(frame) && frame.data.head === 0)
    await append(1)
    await stream.until((frame) => isId(1)(frame) && frame.id !== stream.frames[0]?.id)
    expect(stream.frames.map(({ event }) => event)).not.toContain('gone')
  })
})

describe('the end of a stream', () => {
  test('a ping comes again and again', async () => {
    await append(1)
    const stream = await attach(await start({ limits: { pingMs: 20, sweepMs: 5 } }))
    await vi.waitFor(() => expect(stream.frames.filter(isNamed('ping')).length).toBeGreaterThan(2))
    expect(stream.frames.find(isNamed('ping'))).toEqual({ event: 'ping', data: {} })
  })

  test('a stream does not outlive the identity that opened it', async () => {
    await append(1)
    const expires = new Date(Date.now() + 300)
    const identity = { name: 'operator', source: 'token', role: 'viewer', expires } as const
    const server = await start({ identity, limits: { sweepMs: 20 } })
    const stream = await attach(server)
    await stream.until(isCaughtUp)
    await stream.closed
    expect(server.lines.at(-1)).toMatchObject({ reason: 'identity expired' })
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(expires.getTime()))
    expect((await attach(server)).status).toBe(401)
  })

  test('a stream ends when the identity that opened it is revoked', async () => {
    await append(1)
    let revoked = false
    const identity = {
      name: 'operator',
      source: 'token',
      role: 'viewer',
      stillValid: () => !revoked,
    } as const
    const server = await start({ identity, limits: { pingMs: 20, sweepMs: 5 } })
    const stream = await attach(server)
    await stream.until(isNamed('ping'))
    revoked = true
    await stream.closed
    expect(server.lines.at(-1)).toMatchObject({ msg: 'detached', reason: 'identity revoked' })
  })

  test('a drain tells each client when to come back, ends its stream, and refuses others', async () => {
    await append(1)
    const server = await start()
    const streams = await Promise.all([attach(server), attach(server)])
    await Promise.all(streams.map((stream) => stream.until(isCaughtUp)))
    server.hub.close(500)
    for (const stream of streams) {
      await stream.closed
      expect(stream.retry()).toBeGreaterThanOrEqual(500)
      expect(stream.retry()).toBeLessThanOrEqual(750)
    }
    expect((await attach(server)).status).toBe(503)
  })

  test('a client that cuts the connection is forgotten, and harms nobody', async () => {
    await append(1)
    const server = await start()
    const [one, other] = await Promise.all([attach(server), attach(server)])
    await Promise.all([one.until(isCaughtUp), other.until(isCaughtUp)])
    one.socket.resetAndDestroy()
    for (let i = 0; i < 20; i++) await append(1)
    await other.until(isId(21))
    await vi.waitFor(() => expect(server.hub.counts.clients).toBe(1))
  })
})

describe('a slow client', () => {
  const megabyte = 1024 * 1024

  test('that reads nothing is dropped, and never has more than a piece queued', async () => {
    await append(1)
    const server = await start({ limits: { stallMs: 300, sweepMs: 20 } })
    const sockets: { writableLength: number; destroyed: boolean }[] = []
    server.server.on('connection', (socket) => sockets.push(socket))
    await attach(server, '', { paused: true })
    const reader = await attach(server)
    await reader.until(isCaughtUp)
    let queued = 0
    const watched = sockets[0]
    for (let i = 0; i < 400 && watched?.destroyed === false; i++) {
      await append(10, { size: 10_000, relaxed: true })
      queued = Math.max(queued, watched.writableLength)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await vi.waitFor(() => expect(watched?.destroyed).toBe(true), { timeout: 5000 })
    expect(server.lines).toContainEqual(expect.objectContaining({ msg: 'detached', reason: 'slow' }))
    expect(queued).toBeGreaterThan(0)
    expect(queued).toBeLessThan(megabyte)
    const last = await log.head(name)
    await reader.until(isId(last.seq))
    expect(ids(reader)).toEqual(upTo(last.seq))
  })

  test('that reads again in time goes on from the log and misses nothing', async () => {
    await append(1)
    const server = await start({ limits: { feedBytes: 64 * 1024 } })
    const stream = await attach(server, '', { paused: true })
    for (let i = 0; i < 150; i++) {
      await append(10, { size: 10_000, relaxed: true })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const last = await log.head(name)
    expect(server.lines.map(({ msg }) => msg)).not.toContain('detached')
    stream.resume()
    await stream.until(isId(last.seq))
    expect(ids(stream)).toEqual(upTo(last.seq))
    await append(1)
    await stream.until(isId(last.seq + 1))
  })

  test('whose log cannot be read is told nothing false, and is dropped when that lasts', async () => {
    await append(500)
    let away = true
    const page: EventLog['page'] = async (...args) => {
      if (away) throw new AppError('log_unavailable', 'away')
      return log.page(...args)
    }
    const server = await start({ limits: { stallMs: 1200, sweepMs: 20 } }, withChanges({ page }))
    const dropped = await attach(server)
    await dropped.closed
    expect(dropped.frames).toEqual([])
    const patient = await attach(server)
    away = false
    await patient.until(isCaughtUp)
    expect(ids(patient)).toEqual(upTo(500))
  })
})
