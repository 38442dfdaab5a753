import { readFileSync } from 'node:fs'
import { AppError } from '#app/errors.ts'
import type {
  AppendOptions,
  AppendResult,
  Batch,
  BatchOptions,
  Change,
  EventLog,
  NewEvent,
  Page,
  Position,
  StreamSummary,
} from './EventLog.ts'
import { channelOf, Doorbell } from './Doorbell.ts'
import { createEpoch, createTicket, toBatch } from './frame.ts'
import { LocalView } from './LocalView.ts'
import { openRedis, type RedisClient } from './openRedis.ts'
import { readEntries } from './readEntries.ts'
import { RedisLink } from './RedisLink.ts'

/** What the Lua files beside this one add to a client. */
interface Scripts {
  appendEvents(
    key: string,
    ...args: (string | number | Buffer)[]
  ): Promise<['ok' | 'conflict' | 'lost', string, string]>
  readPosition(key: string, withOldest: 0 | 1): Promise<[epoch: string, head: string, oldest: string]>
}

const none: Position = { epoch: '', seq: 0 }
const sweepMs = 5000
const headsAtOnce = 100
const attempts = 5

const keyOf = (stream: string): string => `breakglass:{${stream}}`
const indexOf = (stream: string): string => `breakglass:streams:${/^[a-z]*/.exec(stream)?.[0] ?? ''}`
const luaFile = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/**
 * The log in Redis, for any number of replicas: one Redis stream per log stream (see `append-1.lua` for its form) and a sorted
 * set per first word that lists them. How durable an append is when it resolves is Redis' `appendfsync`.
 * No command blocks, so following a thousand streams costs one subscription.
 */
export class RedisEventLog implements EventLog {
  readonly #client: RedisClient & Scripts
  readonly #link: RedisLink
  readonly #doorbell: Doorbell
  readonly #view: LocalView
  readonly #sweep: NodeJS.Timeout
  #checking = false
  #toCheck = false

  /** `url` as `openRedis` takes it. It connects in the background. */
  constructor(url: string) {
    const client = openRedis(url)
    client.defineCommand('appendEvents', { numberOfKeys: 1, lua: luaFile('append-1.lua') })
    client.defineCommand('readPosition', { numberOfKeys: 1, lua: luaFile('readPosition-1.lua') })
    // `defineCommand` has added them.
    this.#client = client as RedisClient & Scripts
    this.#link = new RedisLink(client)
    this.#doorbell = new Doorbell(client, {
      onRing: (stream, ring) => void this.#hear(stream, ring),
      onReady: () => void this.#checkAll(),
    })
    this.#view = new LocalView({
      head: (stream) => this.#readHead(stream),
      page: (stream, after, limit) => this.#readPage(stream, after, limit),
      onFirst: (stream) => this.#doorbell.listen(stream),
      onLast: (stream) => this.#doorbell.ignore(stream),
    })
    this.#sweep = setInterval(() => void this.#doorbell.probe().then(() => this.#checkAll()), sweepMs).unref()
  }

  append(stream: string, expected: Position, events: NewEvent[], options: AppendOptions = {}) {
    const epoch = expected.epoch === '' || options.newEpoch === true ? createEpoch() : expected.epoch
    const batch = toBatch(epoch, expected.seq, events)
    return this.appendBatch(stream, expected, batch, { ...options, ticket: createTicket() })
  }

  async appendBatch(
    stream: string,
    expected: Position,
    batch: Batch,
    { ticket, keep = 0 }: BatchOptions,
  ): Promise<AppendResult> {
    const place = [channelOf(stream), expected.epoch, expected.seq, batch.epoch, batch.last, ticket] as const
    const [status, epoch, head] = await this.#link.run(() => {
      const answer = this.#client.appendEvents(keyOf(stream), ...place, batch.frames, keep)
      // What begins is listed at once; for what goes on the way to the followers is kept free.
      if (expected.seq === 0) this.#list(stream)
      return answer
    })
    if (status !== 'ok') return { ok: false, reason: status, epoch, head: Number(head) }
    this.#view.stored(stream, batch)
    if (expected.seq > 0) this.#list(stream)
    return { ok: true, batch }
  }

  head(stream: string): Promise<Position> {
    return this.#view.head(stream)
  }

  page(stream: string, after: number, limit: number): Promise<Page> {
    return this.#view.page(stream, after, limit)
  }

  follow(stream: string, from: Position, listener: (change: Change) => void): () => void {
    return this.#view.follow(stream, from, listener)
  }

  announce(stream: string, batch: Batch): void {
    this.#view.announce(stream, batch)
  }

  withdraw(stream: string): void {
    this.#view.withdraw(stream)
  }

  async streams(prefix: string, limit: number, before?: string): Promise<StreamSummary[]> {
    const from = before === undefined ? '+inf' : `(${Date.parse(before)}`
    const found = await this.#link.run(() => this.#listNames(prefix, limit, from))
    const heads = await this.#readHeads(found.map(({ stream }) => stream))
    return found.flatMap(({ stream, updated }, i) => {
      const { epoch, seq: head } = heads[i] ?? none
      return head === 0 ? [] : [{ stream, epoch, head, updated: new Date(updated).toISOString() }]
    })
  }

  async remove(stream: string): Promise<void> {
    await this.#link.run(async () => {
      await this.#client.del(keyOf(stream))
      await this.#client.zrem(indexOf(stream), stream)
      await this.#client.publish(channelOf(stream), '')
    })
    this.#view.withdraw(stream)
    this.#view.check(stream, none)
  }

  async ping(): Promise<void> {
    await this.#link.run(() => this.#client.ping())
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep)
    this.#view.close()
    this.#doorbell.close()
    this.#client.disconnect()
  }

  /** Notes that the stream was appended to now. If only this fails, the next append makes up for it. */
  #list(stream: string): void {
    this.#client.zadd(indexOf(stream), 'GT', Date.now(), stream).catch(() => undefined)
  }

  async #readHead(stream: string): Promise<Position> {
    const [epoch, head] = await this.#link.run(() => this.#client.readPosition(keyOf(stream), 0))
    return { epoch, seq: Number(head) }
  }

  /** In order; in portions, so that a thousand streams do not hold up Redis or this process. */
  async #readHeads(streams: string[]): Promise<Position[]> {
    const heads: Position[] = []
    for (let at = 0; at < streams.length; at += headsAtOnce) {
      const portion = streams.slice(at, at + headsAtOnce)
      heads.push(...(await Promise.all(portion.map((stream) => this.#readHead(stream)))))
    }
    return heads
  }

  async #readPage(stream: string, after: number, limit: number): Promise<Page> {
    const key = keyOf(stream)
    for (let attempt = 0; attempt < attempts; attempt++) {
      // A page from the beginning shows by itself where the stream begins.
      const [[epoch, newest, oldest], batch] = await this.#link.run(() =>
        Promise.all([
          this.#client.readPosition(key, after > 0 ? 1 : 0),
          readEntries(this.#client, key, after, limit),
        ]),
      )
      const head = Number(newest)
      const trimmed = Math.max(0, Number(oldest) - 1)
      if (batch === null && after >= head) return { epoch, head, trimmedTo: trimmed, batch }
      // Else the stream was removed, or a new epoch began, between the two reads.
      if (batch?.epoch !== epoch) continue
      const trimmedTo = batch.first > after + 1 ? batch.first - 1 : trimmed
      return { epoch, head: Math.max(head, batch.last), trimmedTo, batch }
    }
    throw new AppError('log_unavailable', `The stream ${stream} changes faster than it can be read.`)
  }

  async #listNames(
    prefix: string,
    limit: number,
    from: string,
  ): Promise<{ stream: string; updated: number }[]> {
    const found: { stream: string; updated: number }[] = []
    const step = limit + 1
    for (let offset = 0; ; offset += step) {
      const rows = await this.#client.zrevrangebyscore(
        indexOf(prefix),
        from,
        '-inf',
        'WITHSCORES',
        'LIMIT',
        offset,
        step,
      )
      for (let i = 0; i < rows.length; i += 2) {
        const [stream = '', updated] = [rows[i], Number(rows[i + 1])]
        if (found.length >= limit && updated !== found.at(-1)?.updated) return found
        if (stream.startsWith(prefix)) found.push({ stream, updated })
      }
      if (rows.length < 2 * step) return found
    }
  }

  async #hear(stream: string, ring: Batch | Position | null): Promise<void> {
    if (ring !== null && 'frames' in ring) {
      this.#view.heard(stream, ring)
      return
    }
    if (ring !== null && !this.#view.differ(stream, ring)) return
    await this.#readHead(stream).then(
      (position) => this.#view.check(stream, position),
      () => undefined,
    )
  }

  /** Rings may have been missed, or the storage may have lost what followers were told. */
  async #checkAll(): Promise<void> {
    this.#toCheck = true
    if (this.#checking) return
    this.#checking = true
    while (this.#toCheck) {
      this.#toCheck = false
      try {
        const streams = this.#view.followedStreams
        const heads = await this.#readHeads(streams)
        streams.forEach((stream, i) => this.#view.check(stream, heads[i] ?? none))
      } catch {
        // The next sweep or connection looks again.
      }
    }
    this.#checking = false
  }
}
