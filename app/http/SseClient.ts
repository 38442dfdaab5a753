import type { Socket } from 'node:net'
import { control } from './sse.ts'

/** A reset that this client has not been told yet. */
export interface PendingReset {
  reason: string
  epoch: string
  head: number
  /** The stream is gone for good: `gone` follows and the stream ends. */
  gone: boolean
}

/** What a connection is given at a time: its progress is seen at each of these, so it bounds a fair wait. */
const fastPieceBytes = 256 * 1024
const slowPieceBytes = 64 * 1024
/** A client that takes longer for one of these is slow from then on. */
const slowMs = 1000

/**
 * One attached client: its socket, and how far it has been served.
 *
 * `live`: it gets each flush (`LiveClients`). `ahead`: it read further than the live ones have come, and waits for
 * them. `behind`: `catchUp` is serving it, and only `catchUp` writes events to it.
 */
export class SseClient {
  readonly id: string
  readonly requestId: string
  readonly openedAt: number
  /** When its identity ends, in ms since 1970; Infinity when it does not. */
  readonly expiresAt: number
  /** Whether its identity still counts, whatever its time; absent where nothing revokes it. */
  readonly stillValid: (() => boolean) | undefined
  state: 'behind' | 'ahead' | 'live' = 'behind'
  epoch: string
  /** The last seq that was written to it; not kept up to date while it is `live`. */
  seq: number
  /** Once it has this seq it is told `caught-up`; null when it has been. */
  catchUpTo: number | null
  reset: PendingReset | null = null
  pingAt: number
  /** Since when its socket takes nothing, or its log cannot be read; null while it makes progress. */
  stalledSince: number | null = null
  /** It is given small pieces. */
  isSlow = false
  /** Events written to it. */
  events = 0
  closed = false
  readonly #socket: Socket
  #inFrame = false

  /** `socket` has sent the headers. `at` is where to begin, `head` what `caught-up` waits for. */
  constructor(
    socket: Socket,
    who: Pick<SseClient, 'id' | 'requestId' | 'expiresAt' | 'stillValid' | 'openedAt' | 'pingAt'>,
    at: { epoch: string; seq: number; head: number },
  ) {
    this.id = who.id
    this.requestId = who.requestId
    this.expiresAt = who.expiresAt
    this.stillValid = who.stillValid
    this.openedAt = who.openedAt
    this.pingAt = who.pingAt
    this.epoch = at.epoch
    this.seq = at.seq
    this.catchUpTo = at.head
    this.#socket = socket
  }

  /** Lets go what was held back since the headers, in one packet. */
  uncork(): void {
    this.#socket.uncork()
  }

  /** Whether more is queued than its socket should hold; `drained` tells when that is over. */
  get full(): boolean {
    return this.#socket.writableLength > 0 && this.#socket.writableNeedDrain
  }

  /** Resolves when the socket has taken everything, or is closed. `now` is a clock in ms. */
  drained(now: () => number): Promise<void> {
    const socket = this.#socket
    const since = now()
    this.stalledSince = since
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done)
        socket.off('close', done)
        this.stalledSince = null
        if (now() - since > slowMs) this.isSlow = true
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }

  /** One flush of `count` events. The buffer is shared by all who get it. */
  write(run: Buffer | string, count: number): void {
    this.#socket.write(run)
    this.events += count
  }

  /** The same in pieces, waiting whenever the socket is full. */
  async deliver(run: Buffer, count: number, now: () => number): Promise<void> {
    this.#inFrame = true
    let rest = run
    while (rest.length > 0 && !this.closed) {
      const piece = rest.subarray(0, this.isSlow ? slowPieceBytes : fastPieceBytes)
      rest = rest.subarray(piece.length)
      this.#socket.write(piece)
      if (this.full) await this.drained(now)
    }
    this.#inFrame = false
    this.events += count
  }

  /** Skipped while a frame is half written or the socket is full: then it is not silent, but slow. */
  ping(): void {
    if (!this.#inFrame && !this.full) this.#socket.write(control.ping)
  }

  /** Ends the stream after what is queued; `retryMs` tells the client when to come back. */
  end(retryMs?: number): void {
    this.closed = true
    // One that takes nothing would keep its socket open for as long as it likes.
    if (this.full) return void this.#socket.destroy()
    // Nothing may follow half a frame: the client forgets an unfinished one.
    if (retryMs !== undefined && !this.#inFrame) this.#socket.write(control.retry(retryMs))
    this.#socket.destroySoon()
  }

  /** Cuts the connection and drops what is queued. */
  drop(): void {
    this.closed = true
    this.#socket.destroy()
  }
}
