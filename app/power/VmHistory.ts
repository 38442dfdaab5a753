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

/** Reads once what a VM's log knows of its operations, as well as it can: nothing ever fails with it. */
export class VmHistory {
  readonly #options: Required<VmHistoryOptions>
  #recalled: Promise<void> | undefined

  constructor(options: VmHistoryOptions) {
    this.#options = { waitMs: 1_000, ...options }
  }

  /** Resolves when the log was read or has had its time. Where it failed, it is read again 30 s later at the earliest. */
  recall(): Promise<void> {
    this.#recalled ??= within(this.#options.waitMs, this.#read()).catch(() => undefined)
    return this.#recalled
  }

  async #read(): Promise<void> {
    const { found, stream, logger } = this.#options
    try {
      found(foldOperations(await this.#newest()))
    } catch (error) {
      setTimeout(() => (this.#recalled = undefined), retryAfterMs).unref()
      logger.warn({ stream, err: error }, 'past vm operations not read')
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
