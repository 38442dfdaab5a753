import type { EventLog, NewEvent, Position } from '#app/eventlog/EventLog.ts'
import type { Logger } from 'pino'
import { within } from './within.ts'

export interface VmJournalOptions {
  log: EventLog
  /** `vm:<name>` */
  stream: string
  logger: Pick<Logger, 'warn'>
  /** How long one append may take. */
  timeoutMs?: number
}

const maxWaiting = 200
const keep = 10_000

/**
 * Writes a VM's events to its log, as well as it can: power never waits for it, and never fails with it. What
 * cannot be written in time is dropped and told to the logger; the newest events beyond the queue's end, too.
 */
export class VmJournal {
  readonly #options: Required<VmJournalOptions>
  #position: Position | undefined
  #waiting: NewEvent[] = []
  #draining: Promise<void> | undefined

  constructor(options: VmJournalOptions) {
    this.#options = { timeoutMs: 3_000, ...options }
  }

  push(event: NewEvent): void {
    if (this.#waiting.length >= maxWaiting) return this.#dropped(1, 'too many are waiting')
    this.#waiting.push(event)
    this.#draining ??= this.#drain()
  }

  /** Resolves when nothing waits any more. */
  async flushed(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    // Begins after `push` has returned: a log that throws at once throws here, not there.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const events = this.#waiting.splice(0)
      const givenUp = new AbortController()
      try {
        await within(this.#options.timeoutMs, this.#append(events, givenUp.signal))
      } catch (error) {
        givenUp.abort()
        this.#position = undefined
        this.#dropped(events.length, error instanceof Error ? error.message : String(error))
      }
    }
    // At once, lest what is pushed before a later turn finds a drain that takes nothing any more.
    this.#draining = undefined
  }

  /** Once given up it writes no more, lest old events come after newer ones. */
  async #append(events: NewEvent[], givenUp: AbortSignal): Promise<void> {
    const { log, stream } = this.#options
    let position = this.#position ?? (await log.head(stream))
    // Other replicas write to this stream too.
    for (let attempt = 0; attempt < 20; attempt += 1) {
      givenUp.throwIfAborted()
      const appended = await log.append(stream, position, events, { keep })
      if (appended.ok) {
        if (givenUp.aborted) return
        this.#position = { epoch: appended.batch.epoch, seq: appended.batch.last }
        return
      }
      position = { epoch: appended.epoch, seq: appended.head }
    }
    throw new Error('the log moved on too often')
  }

  #dropped(events: number, why: string): void {
    this.#options.logger.warn({ stream: this.#options.stream, events, why }, 'vm events not logged')
  }
}
