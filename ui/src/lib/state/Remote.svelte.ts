import type { Answer } from '#ui/api/request.ts'
import { recallValue, rememberValue } from './storage.ts'

/**
 * A value that the server holds and that we last knew. `at` is when it was read, `failure` why the newest try
 * brought nothing; both may stand beside each other, and then `value` is stale.
 */
export class Remote<T> {
  readonly #read: () => Promise<Answer<T>>
  readonly #name: string
  #value = $state.raw<T | null>(null)
  #at = $state<number | null>(null)
  #failure = $state<string | null>(null)
  #loading: Promise<void> | null = null
  #again = false

  /** `name` is where it is remembered for the next start. */
  constructor(read: () => Promise<Answer<T>>, name: string) {
    this.#read = read
    this.#name = name
    const known = recallValue<T>(name)
    if (known === null) return
    this.#value = known.value
    this.#at = known.at
  }

  get value(): T | null {
    return this.#value
  }

  get at(): number | null {
    return this.#at
  }

  get failure(): string | null {
    return this.#failure
  }

  /** Reads it now. A call while a reading is under way is followed by one more: it may have come too late. */
  load(): Promise<void> {
    if (this.#loading !== null) this.#again = true
    this.#loading ??= this.#loadLatest().finally(() => (this.#loading = null))
    return this.#loading
  }

  async #loadLatest(): Promise<void> {
    do {
      this.#again = false
      await this.#loadOnce()
    } while (this.#again)
  }

  async #loadOnce(): Promise<void> {
    const answer = await this.#read()
    if (!answer.ok) {
      this.#failure = answer.failure.detail
      return
    }
    this.#failure = null
    this.#value = answer.value
    this.#at = Date.now()
    rememberValue(this.#name, answer.value, this.#at)
  }
}
