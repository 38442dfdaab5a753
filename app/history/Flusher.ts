import type { Logger } from 'pino'

export interface FlusherOptions {
  /** Writes all that waits. Rejects while the store is away; what could not be written then still waits. */
  work: () => Promise<void>
  /** How long writes are gathered. */
  everyMs?: number
  /** What is written, as the log calls it. */
  what: string
  logger: Pick<Logger, 'info' | 'warn'>
}

/**
 * Gathers writes: the work is done about a second after the first `wake`, never twice at once, and again and again
 * while it fails. That it fails is said once, and once that it goes on.
 */
export class Flusher {
  readonly #options: FlusherOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  /** Begins when the running one has ended. */
  #next: Promise<void> | undefined
  #failing = false
  #closed = false

  constructor(options: FlusherOptions) {
    this.#options = options
  }

  /** Something waits. */
  wake(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.flush().catch(() => this.wake())
    }, this.#options.everyMs ?? 1000)
  }

  /** Writes what waits at this moment; rejects when it cannot. All who ask while one runs share the next one. */
  flush(): Promise<void> {
    if (!this.#running) return this.#start()
    // What was added while another flush runs may be too late for it.
    return (this.#next ??= this.#startNext())
  }

  /** One last attempt; a failure is told in the log alone. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.flush().catch(() => undefined)
  }

  #start(): Promise<void> {
    this.#running = this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #startNext(): Promise<void> {
    while (this.#running) await this.#running.catch(() => undefined)
    this.#next = undefined
    return this.#start()
  }

  async #run(): Promise<void> {
    const { work, what, logger } = this.#options
    try {
      await work()
    } catch (error) {
      if (!this.#failing) logger.warn({ err: error }, `${what} cannot be written now and waits`)
      this.#failing = true
      throw error
    }
    if (this.#failing) logger.info(`${what} is written again`)
    this.#failing = false
  }
}
