import type { Batch, Change, EventLog, Page, Position } from '#app/eventlog/EventLog.ts'
import { catchUp } from './catchUp.ts'
import { FrameWindow } from './FrameWindow.ts'
import { joinBatches } from '#app/eventlog/frame.ts'
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

/** The longest that a flush waits for the next, in ms, and its share of the time that the last one took. */
const longestRestMs = 25
const restShare = 0.25
const largestFlush = 1024 * 1024

/**
 * What one process knows of one stream while anyone is attached to it: it follows the log once, keeps recent
 * frames in memory, and writes each flush to all live clients from one Buffer.
 *
 * Always: `sent` ≤ `head`; every `live` client has exactly the events up to `sent`.
 */
export class Feed {
  readonly stream: string
  readonly options: FeedOptions
  readonly clients = new Set<SseClient>()
  epoch: string
  head: number
  sent: number
  window: FrameWindow
  readonly #log: EventLog
  readonly #unfollow: () => void
  readonly #live = new Set<SseClient>()
  readonly #pages = new Map<string, Promise<Page>>()
  #restUntil = 0
  #scheduled: NodeJS.Timeout | null = null
  #closed = false

  constructor(log: EventLog, stream: string, from: Position, options: FeedOptions) {
    this.#log = log
    this.stream = stream
    this.options = options
    this.epoch = from.epoch
    this.head = from.seq
    this.sent = from.seq
    this.window = new FrameWindow(from.epoch)
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

  /** From now on this client, which has everything up to `sent`, gets each flush. */
  join(client: SseClient): void {
    client.state = 'live'
    this.#live.add(client)
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
    if (this.#scheduled !== null) clearTimeout(this.#scheduled)
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
    this.#schedule()
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
    this.sent = head
    this.window = new FrameWindow(epoch)
    this.#live.clear()
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

  /** Flushes at once when idle; under load after a rest that grows with what the last flush took. */
  #schedule(): void {
    if (this.#scheduled !== null) return
    const rest = this.#restUntil - this.options.now()
    if (rest <= 0) this.#flush()
    else this.#scheduled = setTimeout(() => this.#flush(), rest)
  }

  #flush(): void {
    this.#scheduled = null
    const started = this.options.now()
    while (this.sent < this.head) this.#flushRun(this.#nextRun())
    for (const client of this.clients) if (client.state === 'ahead') this.#resume(client)
    const ended = this.options.now()
    this.#restUntil = ended + Math.min(longestRestMs, (ended - started) * restShare)
  }

  /** What comes next for live clients, as one Buffer; null when the window has lost it. */
  #nextRun(): Batch | null {
    const run = this.window.after(this.sent)
    if (run === null || run.last === this.head) return run
    const runs: [Batch, ...Batch[]] = [run]
    let { last } = run
    let bytes = run.frames.length
    while (last < this.head && bytes < largestFlush) {
      const next = this.window.after(last)
      if (next === null) break
      runs.push(next)
      bytes += next.frames.length
      last = next.last
    }
    return joinBatches(runs)
  }

  #flushRun(run: Batch | null): void {
    const before = this.sent
    const last = run?.last ?? this.head
    this.sent = last
    for (const client of this.#live) {
      if (run !== null) client.write(run.frames, last - before)
      if (run !== null && !client.full) continue
      this.#live.delete(client)
      client.state = 'behind'
      client.seq = run === null ? before : last
      void catchUp(this, client)
    }
  }
}
