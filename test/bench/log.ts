import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import type { EventLog, Position } from '../../app/eventlog/EventLog.ts'
import { toBatch, toFrame } from '../../app/eventlog/frame.ts'
import { LogWriter } from '../../app/eventlog/LogWriter.ts'
import { RedisEventLog } from '../../app/eventlog/RedisEventLog.ts'
import { SqliteEventLog } from '../../app/eventlog/SqliteEventLog.ts'
import { RedisServer } from '../fakes/redisServer.ts'
import { compare, limit, type Row, toTable } from './Row.ts'
import { median, sleep } from './statistics.ts'

const events = 10_000
const appended = 20_000
const rounds = 9
const latencies = 400
const gapMs = 2
const manyStreams = 1000
const coldStream = -1
const none: Position = { epoch: '', seq: 0 }
/** A text event whose stored form is 200 bytes of JSON. */
const event = { kind: 'text', text: 'x'.repeat(120) }

/** The log alone, without HTTP: rates, pages, and the way from an append to a follower. */
export async function benchLog(): Promise<Row[]> {
  const redis = await RedisServer.start(['--appendfsync', 'everysec'])
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-bench-'))
  try {
    const bare = openBare(join(folder, 'bare.sqlite'))
    bare.fill(coldStream, frames(events))
    const rows = [...(await benchSqlite(folder, bare)), ...(await benchRedis(redis, bare))]
    bare.close()
    return rows
  } finally {
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function benchSqlite(folder: string, bare: Bare): Promise<Row[]> {
  const log = new SqliteEventLog(folder)
  try {
    const rates = await alternate(
      (round) => writeRate(log, `session:rate${round}`),
      (round) => bareInsertRate(bare, round),
    )
    await fill(log, 'session:cold')
    const pages = await alternate(
      () => timed(() => pageThrough(log, 'session:cold')),
      () => timed(() => bare.concat(coldStream)),
    )
    return [
      compare({ name: 'text appends, SQLite / bare inserts', unit: '/s', ...rates }, '≥', 0.8),
      compare({ name: 'cold page-through, SQLite / one group_concat', unit: 'ms', ...pages }, '≤', 1.3),
    ]
  } finally {
    await log.close()
  }
}

async function benchRedis(server: RedisServer, bareTable: Bare): Promise<Row[]> {
  const [log, other] = [new RedisEventLog(server.url), new RedisEventLog(server.url)]
  const bare = new Redis(server.url)
  const subscriber = new Redis(server.url)
  try {
    const rates = await alternate(
      (round) => writeRate(log, `session:rate${round}`),
      (round) => bareAddRate(bare, `bare${round}`),
    )
    await fill(log, 'session:cold')
    const pages = await alternate(
      () => timed(() => pageThrough(log, 'session:cold')),
      () => timed(() => bareTable.concat(coldStream)),
    )
    await subscriber.subscribe('bare')
    const found = {
      one: [] as number[],
      across: [] as number[],
      published: [] as number[],
      many: [] as number[],
    }
    for (let round = 0; round < 3; round++) {
      found.one.push(await toFollower(log, log, [`session:one${round}`]))
      found.across.push(await toFollower(log, other, [`session:across${round}`]))
      found.published.push(await publishLatency(bare, subscriber))
      found.many.push(await toFollower(log, other, numbered(`session:many${round}`, manyStreams)))
    }
    const unit = 'ms'
    const [one, across, many] = [median(found.one), median(found.across), median(found.many)]
    const published = median(found.published)
    return [
      compare({ name: 'text appends, Redis / bare pipelined XADD', unit: '/s', ...rates }, '≥', 0.9),
      compare({ name: 'cold page-through, Redis / one group_concat', unit, ...pages }, '≤', 1.3),
      limit({ name: 'append to follower, one process, p50', unit, ours: one }, 0.2),
      compare(
        { name: 'append to follower, two replicas / PUBLISH, p50', unit, ours: across, baseline: published },
        '≤',
        1.3,
      ),
      compare(
        {
          name: `append to follower, ${manyStreams} live streams / one, p50`,
          unit,
          ours: many,
          baseline: across,
        },
        '≤',
        1.3,
      ),
    ]
  } finally {
    bare.disconnect()
    subscriber.disconnect()
    await Promise.all([log.close(), other.close()])
  }
}

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${word}-${i}`)

/** Measures both in turn, so that what else the machine does falls on both; medians. */
async function alternate(
  ours: (round: number) => number | Promise<number>,
  baseline: (round: number) => number | Promise<number>,
): Promise<{ ours: number; baseline: number }> {
  const found = { ours: [] as number[], baseline: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    found.ours.push(await ours(round))
    found.baseline.push(await baseline(round))
  }
  // The first round warms both up.
  return { ours: median(found.ours.slice(1)), baseline: median(found.baseline.slice(1)) }
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function writeRate(log: EventLog, stream: string): Promise<number> {
  const writer = new LogWriter(log, stream, none, { onForeign: () => 'stop' })
  const ms = await timed(async () => {
    for (let i = 0; i < appended; i++) writer.write([event])
    await writer.flush(AbortSignal.timeout(60_000))
  })
  await log.remove(stream)
  return (appended / ms) * 1000
}

async function fill(log: EventLog, stream: string): Promise<void> {
  let at = none
  for (let i = 0; i < events; i++) {
    const result = await log.append(stream, at, [event], { relaxed: true })
    if (!result.ok) throw new Error(result.reason)
    at = { epoch: result.batch.epoch, seq: result.batch.last }
  }
}

async function pageThrough(log: EventLog, stream: string): Promise<void> {
  for (let after = 0; after < events;) {
    const { batch } = await log.page(stream, after, 5000)
    after = batch?.last ?? events
  }
}

const frames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => toFrame('0123456789ab', i + 1, new Date().toISOString(), event))

type Bare = ReturnType<typeof openBare>

/** What the rates and pages are compared with: a table of one row per event and the least SQL for it. */
function openBare(path: string) {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL')
  database.exec(
    'CREATE TABLE events (stream INTEGER, seq INTEGER, frame TEXT, PRIMARY KEY (stream, seq)) WITHOUT ROWID',
  )
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?)')
  const concat = database.prepare(
    `SELECT group_concat(frame, '') FROM (SELECT frame FROM events WHERE stream = ? ORDER BY seq)`,
  )
  return {
    /** In transactions as large as the writer's appends, about 256 KiB. */
    fill(stream: number, given: string[]): void {
      given.forEach((frame, i) => {
        if (i % 1000 === 0) database.exec(i === 0 ? 'BEGIN' : 'COMMIT; BEGIN')
        insert.run(stream, i + 1, frame)
      })
      database.exec('COMMIT')
    },
    concat: (stream: number) => concat.get(stream),
    clear: (stream: number) => database.prepare('DELETE FROM events WHERE stream = ?').run(stream),
    close: () => database.close(),
  }
}

async function bareInsertRate(bare: Bare, round: number): Promise<number> {
  const given = frames(appended)
  const ms = await timed(() => bare.fill(round, given))
  bare.clear(round)
  return (appended / ms) * 1000
}

async function bareAddRate(client: Redis, key: string): Promise<number> {
  const given = frames(appended)
  const ms = await timed(async () => {
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < appended; i += 1000) {
      const pipeline = client.pipeline()
      for (const [j, frame] of given.slice(i, i + 1000).entries())
        pipeline.xadd(key, `${i + j + 1}-0`, 'f', frame)
      sent.push(pipeline.exec())
    }
    await Promise.all(sent)
  })
  await client.del(key)
  return (appended / ms) * 1000
}

/** From the call of `append` until a follower is told, p50, one append at a time over all `streams`. */
async function toFollower(log: EventLog, follows: EventLog, streams: string[]): Promise<number> {
  const positions = new Map<string, Position>()
  let told = Promise.withResolvers<void>()
  for (const stream of streams) {
    const result = await log.appendBatch(stream, none, toBatch('0123456789ab', 0, [event]), { ticket: '1' })
    if (!result.ok) throw new Error(result.reason)
    positions.set(stream, { epoch: result.batch.epoch, seq: 1 })
  }
  const stops = streams.map((stream) =>
    follows.follow(stream, positions.get(stream) ?? none, () => told.resolve()),
  )
  await sleep(500)
  const taken: number[] = []
  for (let i = 0; i < latencies; i++) {
    const stream = streams[i % streams.length] ?? ''
    const at = positions.get(stream) ?? none
    told = Promise.withResolvers()
    const start = performance.now()
    const answer = log.append(stream, at, [event])
    await told.promise
    taken.push(performance.now() - start)
    await answer
    positions.set(stream, { ...at, seq: at.seq + 1 })
    await sleep(gapMs)
  }
  for (const stop of stops) stop()
  for (const stream of streams) await log.remove(stream)
  return median(taken)
}

async function publishLatency(client: Redis, subscriber: Redis): Promise<number> {
  const frame = toFrame('0123456789ab', 1, new Date().toISOString(), event)
  const taken: number[] = []
  for (let i = 0; i < latencies; i++) {
    const heard = once(subscriber, 'messageBuffer')
    const start = performance.now()
    const answer = client.publish('bare', frame)
    await heard
    taken.push(performance.now() - start)
    await answer
    await sleep(gapMs)
  }
  return median(taken)
}

if (import.meta.main) console.log(toTable(await benchLog()))
