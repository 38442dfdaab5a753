import type { Logger } from 'pino'
import type { EventLog, StoredEvent } from '#app/eventlog/EventLog.ts'
import { parseFrames } from '#app/eventlog/frame.ts'

import { foldOperations, type Folded } from './foldOperations.ts'
import { within } from './within.ts'

export interface VmHistoryOptions {
  log: EventLog
  /** `vm:<name>` */
  stream: string
  logger: Pick<Logger, 'warn'>
  /** Takes what was found. */
  found: (folded: Folded) => void
  /** How long the first who ask wait for it; it goes on without them. */
  waitMs?: number
}

/** Only the newest events of a VM are read, and in a bounded number of pages. */
const maxEvents = 500
const maxPages = 16
const retryAfterMs = 30_000

/** Reads what a VM's log knows of its operations, as well as it can: nothing ever fails with it. */
export class VmHistory {
  readonly #options: Required<VmHistoryOptions>
  #recalled: Promise<void> | undefined
  #reading: Promise<Folded | undefined> | undefined
  #triedAt = -Infinity
  #failed = false

  constructor(options: VmHistoryOptions) {
    this.#options = { waitMs: 1_000, ...options }
  }

  /**
   * Resolves when the log was read, `maxAgeMs` ago at most, or has had its time; what is read too late is taken in
   * all the same. Where it failed, it is read again 30 s later at the earliest; one that hangs is waited for once.
   */
  recall(maxAgeMs = Infinity): Promise<void> {
    const ageMs = performance.now() - this.#triedAt
    const isOld = !this.#reading && ageMs > (this.#failed ? retryAfterMs : maxAgeMs)
    if (!this.#recalled || isOld) this.#recalled = this.again().then(() => undefined)
    return this.#recalled
  }

  /** What the log tells now; undefined when it cannot be read in time. */
  async again(): Promise<Folded | undefined> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return await within(this.#options.waitMs, this.#reading).catch(() => undefined)
  }

  async #read(): Promise<Folded | undefined> {
    const { found, stream, logger } = this.#options
    this.#triedAt = performance.now()
    try {
      const folded = foldOperations(await this.#newest())
      this.#failed = false
      found(folded)
      return folded
    } catch (error) {
      this.#failed = true
      logger.warn({ stream, err: error }, 'past vm operations not read')
      return undefined
    }
  }

  async #newest(): Promise<StoredEvent[]> {
    const { log, stream } = this.#options
    const { seq } = await log.head(stream)
    const events: StoredEvent[] = []
    let after = Math.max(0, seq - maxEvents)
    for (let page = 0; page < maxPages && after < seq; page += 1) {
      const { batch } = await log.page(stream, after, maxEvents)
      if (!batch) break
      events.push(...parseFrames(batch.frames))
      after = batch.last
    }
    return events
  }
}
