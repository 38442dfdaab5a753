import { AppError } from '#app/errors.ts'
import type { AppendResult, EventLog, Page, Position, StreamSummary } from './EventLog.ts'

/**
 * Stands in for a log that could not be opened, so that what needs none (the power path) starts all the same.
 * Every call rejects with `log_unavailable` and the sentence that says why.
 */
export class AbsentEventLog implements EventLog {
  readonly #why: string

  constructor(why: string) {
    this.#why = why
  }

  append = (): Promise<AppendResult> => this.#refuse()
  appendBatch = (): Promise<AppendResult> => this.#refuse()
  head = (): Promise<Position> => this.#refuse()
  page = (): Promise<Page> => this.#refuse()
  streams = (): Promise<StreamSummary[]> => this.#refuse()
  remove = (): Promise<void> => this.#refuse()
  ping = (): Promise<void> => this.#refuse()

  announce(): void {
    // Nobody follows what cannot be read.
  }

  withdraw(): void {
    // Nothing was announced.
  }

  follow(): () => void {
    return () => undefined
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #refuse(): Promise<never> {
    return Promise.reject(new AppError('log_unavailable', this.#why))
  }
}
