import type { Batch, Change, EventLog, Page, Position } from '#app/eventlog/EventLog.ts'
import { catchUp } from './catchUp.ts'
import { FrameWindow } from './FrameWindow.ts'
import { LiveClients } from './LiveClients.ts'
import { resetReasons } from './position.ts'
import type { PendingReset, SseClient } from './SseClient.ts'

export interface FeedOptions {
  /** A stream that may be empty is never `gone`. */
  allowEmpty: boolean
  /** How much memory the window may hold now, in bytes. */
  windowBound: () => number
  /** Monotonic or wall clock in ms, with fractions. */
  now: () => number
  /** Called when a client has left, with why. */
  onClose: (client: SseClient, reason: string) => void
  onEvent: (client: SseClient, what: string, fields: Record<string, unknown>) => void
}

/**
 * What one process knows of one stream while anyone is attached to it: it follows the log once, keeps recent
 * frames in memory, and hands them to its live clients. Those that are behind, `catchUp` serves.
 */
export class Feed {
  readonly stream: string
  readonly options: FeedOptions
  readonly clients = new Set<SseClient>()
  epoch: string
  head: number
  window: FrameWindow
  readonly #log: EventLog
  readonly #unfollow: () => void
  readonly #live: LiveClients
  readonly #pages = new Map<string, Promise<Page>>()
  #closed = false

  constructor(log: EventLog, stream: string, from: Position, options: FeedOptions) {
    this.#log = log
    this.stream = stream
    this.options = options
    this.epoch = from.epoch
    this.head = from.seq
    this.window = new FrameWindow(from.epoch)
    this.#live = new LiveClients(from.seq, {
      window: () => this.window,
      now: options.now,
      onBehind: (client) => this.#resume(client),
      onFlush: () => this.#resumeAhead(),
    })
    this.#unfollow = log.follow(stream, from, (change) => this.#onChange(change))
  }

  /** Takes a client in and serves it until it leaves. */
  add(client: SseClient): void {
    this.clients.add(client)
    void catchUp(this, client)
  }

  /** Ends a client's stream in good order, after what is queued. */
  end(client: SseClient, reason: string, retryMs?: number): void {
    if (client.closed) return
    client.end(retryMs)
    this.remove(client, reason)
  }

  /** Cuts a client off and drops what is queued for it. */
  drop(client: SseClient, reason: string): void {
    client.drop()
    this.remove(client, reason)
  }

  /** Forgets a client whose stream is over. */
  remove(client: SseClient, reason: string): void {
    if (!this.clients.delete(client)) return
    client.closed = true
    this.#live.delete(client)
    this.options.onClose(client, reason)
  }

  /** From now on this client, which has everything up to its `seq`, gets each flush, or waits to get so far. */
  join(client: SseClient): void {
    client.state = this.#live.join(client) ? 'live' : 'ahead'
  }

  /** Reads the log once for all who ask for the same, and keeps what was read. */
  page(after: number, limit: number): Promise<Page> {
    const key = `${after} ${limit}`
    const running = this.#pages.get(key)
    if (running !== undefined) return running
    const { window } = this
    const reading = this.#log.page(this.stream, after, limit).finally(() => {
      if (this.#pages.get(key) === reading) this.#pages.delete(key)
    })
    this.#pages.set(key, reading)
    return reading.then((page) => {
      // What was read before a reset does not belong to what came after; what lies above `head` will be told.
      if (page.batch !== null && page.epoch === window.epoch && window === this.window)
        window.insert(page.batch, this.head, this.options.windowBound())
      return page
    })
  }

  /** Keeps the window within its bound, which shrinks when other streams come up. */
  shrink(): void {
    this.window.shrinkTo(this.options.windowBound())
  }

  close(): void {
    this.#closed = true
    this.#unfollow()
    this.#live.close()
  }

  #onChange(change: Change): void {
    if (this.#closed) return
    if (change.type === 'reset') {
      const { epoch, head, reason } = change
      this.#startOver(epoch, head, reason)
    } else {
      this.#take(change.batch)
    }
  }

  #take(batch: Batch): void {
    if (batch.epoch !== this.epoch) {
      if (this.epoch !== '') return this.#startOver(batch.epoch, batch.last, resetReasons.epoch)
      this.#begin(batch.epoch)
    }
    if (batch.last <= this.head) return
    this.window.push(batch)
    this.shrink()
    this.head = batch.last
    this.#live.advance(batch.last)
  }

  /** The first event of a stream that was empty gives it its epoch. */
  #begin(epoch: string): void {
    this.epoch = epoch
    this.window = new FrameWindow(epoch)
    for (const client of this.clients) if (client.epoch === '') client.epoch = epoch
  }

  #startOver(epoch: string, head: number, reason: string): void {
    const gone = head === 0 && !this.options.allowEmpty
    const before = this.epoch
    this.epoch = epoch
    this.head = head
    this.window = new FrameWindow(epoch)
    this.#live.startOver(head)
    this.#pages.clear()
    for (const client of this.clients) {
      // A client whose page told it of the new epoch has been reset already.
      if (client.epoch === epoch && epoch !== before && !gone) this.#resume(client)
      else this.reset(client, { reason, epoch, head, gone })
    }
  }

  /** Has a client told, as soon as no frame is half written, and served from the beginning of `epoch`. */
  reset(client: SseClient, reset: PendingReset): void {
    client.reset = reset
    this.#resume(client)
  }

  #resume(client: SseClient): void {
    if (client.state === 'behind') return
    client.state = 'behind'
    void catchUp(this, client)
  }

  #resumeAhead(): void {
    for (const client of this.clients) if (client.state === 'ahead') this.#resume(client)
  }
}
