import type { Logger } from 'pino'
import type { Documents } from './Documents.ts'
import { Flusher } from './Flusher.ts'

export interface Change {
  kind: string
  name: string
  /** Null: it shall be no more. */
  text: string | null
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

  put(kind: string, name: string, text: string | null): void {
    this.#waiting.set(`${kind}\0${name}`, { kind, name, text })
    this.#flusher.wake()
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
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, changesAtOnce)
      await this.#store.write(some.map(([, change]) => change))
      // A newer text may have come meanwhile; what is being written counts as waiting until it is.
      for (const [key, change] of some) if (this.#waiting.get(key) === change) this.#waiting.delete(key)
      if (this.#waiting.size > 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
