import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import { AppError } from '#app/errors.ts'
import type { EventLog, Position } from '#app/eventlog/EventLog.ts'
import type { Logger } from '#app/logger.ts'
import { Feed } from './Feed.ts'
import { placePosition, readPositions, type PlacedPosition } from './position.ts'
import type { Identity } from './Route.ts'
import { control, createHolder, openSse } from './sse.ts'
import { SseClient } from './SseClient.ts'

export interface FeedHubOptions {
  logger: Pick<Logger, 'info' | 'warn'>
  limits?: Partial<FeedLimits>
}

export interface FeedLimits {
  /** How often every client is sent `ping`. */
  pingMs: number
  /** How long a client may take nothing before it is dropped. */
  stallMs: number
  /** How often pings, stalls and identities are looked at; a stream ends at most this much before or after its own. */
  sweepMs: number
  /** When a client that lost its connection should come back; each is told up to half as much again. */
  retryMs: number
  /** How long an attach waits for the log's head where this process has a feed that can serve without it. */
  headMs: number
  /** Memory for recent frames: of one stream, and of all. */
  feedBytes: number
  totalBytes: number
}

const defaultLimits: FeedLimits = {
  pingMs: 15_000,
  stallMs: 30_000,
  sweepMs: 1000,
  retryMs: 2000,
  headMs: 1000,
  feedBytes: 4 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
}

/** One request that wants to attach. `after` is the query's; `Last-Event-ID` is read from the request. */
export interface Attachment {
  request: Request
  response: Response
  after?: string | undefined
  identity: Identity
  requestId: string
}

export interface AttachOptions {
  /** The stream may be empty: it is then no 404, and losing its log does not end the stream. */
  allowEmpty?: boolean
  /** Where a client without a position begins. Default: at the start. */
  from?: 'start' | 'head'
}

/** Attaches clients to streams: one `Feed` per stream that anyone is attached to, one clock for all of them. */
export class FeedHub {
  readonly #log: EventLog
  readonly #logger: FeedHubOptions['logger']
  readonly #limits: FeedLimits
  readonly #feeds = new Map<string, Feed>()
  readonly #holder = createHolder()
  #sweeping: NodeJS.Timeout | null = null
  #closed = false

  constructor(log: EventLog, { logger, limits }: FeedHubOptions) {
    this.#log = log
    this.#logger = logger
    this.#limits = { ...defaultLimits, ...limits }
  }

  /** How many streams have a feed here, and how many clients they have. */
  get counts(): { feeds: number; clients: number } {
    let clients = 0
    for (const feed of this.#feeds.values()) clients += feed.clients.size
    return { feeds: this.#feeds.size, clients }
  }

  /**
   * Answers the request with the stream and returns once it has begun; it goes on until the client leaves, its
   * identity ends or the hub closes. Before it begins, throws `bad_request`, `unauthenticated`, `not_found`,
   * `draining` or `log_unavailable`.
   */
  async attach(stream: string, attachment: Attachment, options: AttachOptions = {}): Promise<void> {
    const { request, response, after, identity, requestId } = attachment
    const { allowEmpty = false, from = 'start' } = options
    const asked = readPositions(request.headers['last-event-id'], after)
    const expiresAt = identity.expires?.getTime() ?? Infinity
    if (expiresAt <= Date.now()) throw new AppError('unauthenticated', 'This identity has expired.')
    const head = await this.#head(stream)
    if (this.#closed) throw new AppError('draining', 'The server is about to stop: attach again.')
    if (head.seq === 0 && !allowEmpty) throw new AppError('not_found', 'There is no such stream.')
    if (response.destroyed || response.closed) return
    const placed: PlacedPosition =
      asked.length === 0 && from === 'head' ? { seq: head.seq } : placePosition(asked, head)
    const { stillValid } = identity
    const now = Date.now()
    const socket = openSse(response, this.#holder)
    const client = new SseClient(
      socket,
      {
        id: randomUUID(),
        requestId,
        expiresAt,
        stillValid,
        openedAt: now,
        pingAt: now + this.#limits.pingMs,
      },
      { epoch: head.epoch, seq: placed.seq, head: head.seq },
    )
    const feed = this.#feed(stream, head, allowEmpty)
    socket.once('close', () => feed.remove(client, 'left'))
    this.#logger.info({ attach: client.id, request: requestId, stream, after: placed.seq }, 'attached')
    client.write(control.retry(this.#retry()), 0)
    if (placed.reset !== undefined)
      client.reset = { reason: placed.reset, epoch: head.epoch, head: head.seq, gone: false }
    feed.add(client)
    client.uncork()
    this.#sweeping ??= setInterval(() => this.#sweep(), this.#limits.sweepMs)
  }

  /** Ends every stream, telling each client to come back after about `retryMs`; further attaches are refused. */
  close(retryMs = this.#limits.retryMs): void {
    this.#closed = true
    for (const feed of this.#feeds.values())
      for (const client of feed.clients) feed.end(client, 'draining', this.#retry(retryMs))
    if (this.#sweeping !== null) clearInterval(this.#sweeping)
  }

  /** Where the stream stands. With the log out of reach a feed still serves what it has. */
  async #head(stream: string): Promise<Position> {
    const reading = this.#log.head(stream)
    const known = (): Position | undefined => {
      const feed = this.#feeds.get(stream)
      return feed && { epoch: feed.epoch, seq: feed.head }
    }
    if (known() === undefined) return reading
    const waited = Promise.withResolvers<null>()
    const timer = setTimeout(waited.resolve, this.#limits.headMs, null)
    const head = await Promise.race([reading.catch(() => null), waited.promise])
    clearTimeout(timer)
    return head ?? known() ?? reading
  }

  #feed(stream: string, head: Position, allowEmpty: boolean): Feed {
    const open = this.#feeds.get(stream)
    if (open !== undefined) return open
    const feed: Feed = new Feed(this.#log, stream, head, {
      allowEmpty,
      windowBound: () =>
        Math.min(this.#limits.feedBytes, this.#limits.totalBytes / Math.max(1, this.#feeds.size)),
      now: () => performance.now(),
      onEvent: (client, what, fields) =>
        this.#logger.info({ attach: client.id, request: client.requestId, stream, ...fields }, what),
      onClose: (client, reason) => {
        const { id, requestId, events, openedAt } = client
        const fields = { attach: id, request: requestId, stream, reason, events }
        this.#logger.info({ ...fields, duration_ms: Date.now() - openedAt }, 'detached')
        if (feed.clients.size === 0) this.#forget(feed)
      },
    })
    this.#feeds.set(stream, feed)
    return feed
  }

  #forget(feed: Feed): void {
    feed.close()
    if (this.#feeds.get(feed.stream) === feed) this.#feeds.delete(feed.stream)
    if (this.#feeds.size > 0 || this.#sweeping === null) return
    clearInterval(this.#sweeping)
    this.#sweeping = null
  }

  #retry(ms = this.#limits.retryMs): number {
    return ms * (1 + Math.random() / 2)
  }

  #sweep(): void {
    const { pingMs, stallMs, sweepMs } = this.#limits
    const now = Date.now()
    const clock = performance.now()
    for (const feed of this.#feeds.values()) {
      feed.shrink()
      for (const client of feed.clients) {
        if (client.stalledSince !== null && clock - client.stalledSince >= stallMs) feed.drop(client, 'slow')
        else if (client.expiresAt <= now + sweepMs) feed.end(client, 'identity expired')
        else if (client.stillValid?.() === false) feed.end(client, 'identity revoked')
        else if (client.pingAt <= now) {
          client.pingAt = now + pingMs
          client.ping()
        }
      }
    }
  }
}
