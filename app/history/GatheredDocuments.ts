import type { Logger } from 'pino'
import { AppError } from '#app/errors.ts'
import type { Documents } from './Documents.ts'
import { Flusher } from './Flusher.ts'

export interface Change {
  kind: string
  name: string
  /** Null: it shall be no more. */
  text: string | null
  /** Asked before it is written; until then it waits. */
  mayWrite?: (() => boolean) | undefined
}

/** Where documents lie. Both throw when it is away. */
export interface DocumentStore {
  write(changes: Change[]): Promise<void>
  /** Throws `log_unavailable`. */
  read(kind: string, names?: string[]): Promise<Map<string, string>>
}

const changesAtOnce = 100

/** The newest text of each name waits for about a second, or until its store is back. */
export class GatheredDocuments implements Documents {
  readonly #store: DocumentStore
  readonly #flusher: Flusher
  readonly #waiting = new Map<string, Change>()

  constructor(store: DocumentStore, logger: Pick<Logger, 'info' | 'warn'>, everyMs?: number) {
    this.#store = store
    const work = () => this.#write()
    this.#flusher = new Flusher({ work, what: 'state', logger, ...(everyMs !== undefined && { everyMs }) })
  }

  put(kind: string, name: string, text: string | null, mayWrite?: () => boolean): void {
    this.#waiting.set(keyOf(kind, name), { kind, name, text, mayWrite })
    this.#flusher.wake()
  }

  discard(kind: string, name: string): void {
    this.#waiting.delete(keyOf(kind, name))
  }

  async flush(): Promise<void> {
    try {
      await this.#flusher.flush()
    } catch (error) {
      if (error instanceof AppError) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new AppError('log_unavailable', `It cannot be written down: ${why}.`)
    }
  }

  async read(kind: string, names?: string[]): Promise<Map<string, string>> {
    const found = await this.#store.read(kind, names)
    for (const change of this.#waiting.values()) {
      if (change.kind !== kind || (names && !names.includes(change.name))) continue
      if (change.text === null) found.delete(change.name)
      else found.set(change.name, change.text)
    }
    return found
  }

  close(): Promise<void> {
    return this.#flusher.close()
  }

  async #write(): Promise<void> {
    for (;;) {
      const some = this.#mayBeWritten()
      if (some.length === 0) break
      await this.#store.write(some.map(([, change]) => change))
      // A newer text may have come meanwhile; what is being written counts as waiting until it is.
      for (const [key, change] of some) if (this.#waiting.get(key) === change) this.#waiting.delete(key)
      if (this.#waiting.size > 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // The rest waits for its time.
    if (this.#waiting.size > 0) this.#flusher.wake()
  }

  #mayBeWritten(): [key: string, change: Change][] {
    const some: [string, Change][] = []
    for (const one of this.#waiting) {
      if (one[1].mayWrite?.() ?? true) some.push(one)
      if (some.length === changesAtOnce) break
    }
    return some
  }
}

function keyOf(kind: string, name: string): string {
  return `${kind}\0${name}`
}
