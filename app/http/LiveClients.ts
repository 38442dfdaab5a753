import type { Batch } from '#app/eventlog/EventLog.ts'
import { joinBatches } from '#app/eventlog/frame.ts'
import type { FrameWindow } from './FrameWindow.ts'
import type { SseClient } from './SseClient.ts'

/** Clients that all have exactly the events up to `sent`. */
interface Lane {
  sent: number
  clients: Set<SseClient>
}

export interface LiveClientsOptions {
  /** Where the events are. */
  window: () => FrameWindow
  /** A clock in ms, with fractions. */
  now: () => number
  /** This client cannot be served from here any more; its `seq` says how far it was. */
  onBehind: (client: SseClient) => void
  /** A lane has moved on: who waited for that may join. */
  onFlush: () => void
}

/**
 * A flush writes to one lane, so this also bounds for how long the process does nothing else: some 7 ms. What
 * comes meanwhile goes with the next lane at once, and not only when all clients have had their turn.
 */
const laneSize = 1000
/** The rest after a flush, as a share of the time that it took, and at most. */
const restShare = 0.25
const longestRestMs = 25
const largestWrite = 1024 * 1024

/**
 * Writes what is new to all clients that have everything before it: one Buffer for a whole lane. Flushes at once
 * when idle; under load after a rest that grows with the last flush, so that events gather and the process keeps
 * some of its time.
 */
export class LiveClients {
  readonly #options: LiveClientsOptions
  #head: number
  #lanes: Lane[]
  #restUntil = 0
  #scheduled: NodeJS.Timeout | null = null

  constructor(head: number, options: LiveClientsOptions) {
    this.#options = options
    this.#head = head
    this.#lanes = [{ sent: head, clients: new Set() }]
  }

  /** Forgets all clients and goes on after `head`. */
  startOver(head: number): void {
    this.#head = head
    this.#lanes = [{ sent: head, clients: new Set() }]
  }

  /** Takes in a client that has everything up to its `seq`; false when no lane has come so far yet. */
  join(client: SseClient): boolean {
    const open = this.#lanes.filter(({ clients }) => clients.size < laneSize)
    let lane = open.find(({ sent }) => sent === client.seq)
    if (lane === undefined) {
      if (open.length > 0 || client.seq > this.#head) return false
      lane = { sent: client.seq, clients: new Set() }
      this.#lanes.push(lane)
    }
    lane.clients.add(client)
    return true
  }

  delete(client: SseClient): void {
    for (const lane of this.#lanes) {
      if (!lane.clients.delete(client) || lane.clients.size > 0 || this.#lanes.length === 1) continue
      this.#lanes = this.#lanes.filter((other) => other !== lane)
      return
    }
  }

  /** The window holds events up to `head`. */
  advance(head: number): void {
    this.#head = head
    this.#schedule()
  }

  close(): void {
    if (this.#scheduled !== null) clearTimeout(this.#scheduled)
  }

  #schedule(): void {
    if (this.#scheduled !== null) return
    const rest = this.#restUntil - this.#options.now()
    if (rest <= 0) this.#flush()
    else this.#scheduled = setTimeout(() => this.#flush(), rest)
  }

  #flush(): void {
    this.#scheduled = null
    const started = this.#options.now()
    const lane = this.#lanes.reduce((last, other) => (other.sent < last.sent ? other : last))
    while (lane.sent < this.#head) this.#write(lane, this.#nextRun(lane.sent))
    this.#options.onFlush()
    const ended = this.#options.now()
    const rest = Math.min(longestRestMs, (ended - started) * restShare)
    this.#restUntil = ended + rest
    // Never at once, so that between two lanes the process looks at what else there is.
    if (this.#lanes.some(({ sent }) => sent < this.#head))
      this.#scheduled = setTimeout(() => this.#flush(), rest)
  }

  /** What comes after `sent`, as one Buffer; null when the window does not hold it. */
  #nextRun(sent: number): Batch | null {
    const window = this.#options.window()
    const run = window.after(sent)
    if (run === null || run.last === this.#head) return run
    const runs: [Batch, ...Batch[]] = [run]
    let { last } = run
    let bytes = run.frames.length
    while (last < this.#head && bytes < largestWrite) {
      const next = window.after(last)
      if (next === null) break
      runs.push(next)
      bytes += next.frames.length
      last = next.last
    }
    return joinBatches(runs)
  }

  #write(lane: Lane, run: Batch | null): void {
    const before = lane.sent
    lane.sent = run?.last ?? this.#head
    for (const client of lane.clients) {
      if (run !== null) client.write(run.frames, run.last - before)
      if (run !== null && !client.full) continue
      lane.clients.delete(client)
      client.seq = run === null ? before : run.last
      this.#options.onBehind(client)
    }
  }
}
