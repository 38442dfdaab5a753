import type { Answer } from '#ui/api/request.ts'
import { recall, recallValue, rememberValue } from './storage.ts'

/** What the board changes a thousand times is not written a thousand times. */
const writeMs = 1_000

/**
 * A value that the server holds and that we last knew. `at` is when it was read, `failure` why the newest try
 * brought nothing; both may stand beside each other, and then `value` is stale.
 */
export class Remote<T> {
  readonly #read: () => Promise<Answer<T>>
  readonly #name: string | null
  #value = $state.raw<T | null>(null)
  #at = $state<number | null>(null)
  #failure = $state<string | null>(null)
  #fresh = $state(false)
  #loading: Promise<void> | null = null
  #again = false
  #writing: ReturnType<typeof setTimeout> | undefined

  /** `name` is where it is remembered for the next start; null: nowhere. */
  constructor(read: () => Promise<Answer<T>>, name: string | null) {
    this.#read = read
    this.#name = name
    if (name === null) return
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

  /** It was read since the page was opened, so it is not only remembered. */
  get fresh(): boolean {
    return this.#fresh
  }

  /** Changes what is known by what the server told since; a reading under way may not know of that yet. */
  change(by: (value: T) => T): void {
    if (this.#value === null) return
    if (this.#loading !== null) this.#again = true
    const value = by(this.#value)
    if (value === this.#value) return
    this.#set(value)
    this.#writing ??= setTimeout(() => {
      // What was forgotten meanwhile, at a sign-out, stays forgotten.
      if (this.#name !== null && recall(this.#name) !== null) this.#write()
    }, writeMs)
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
    this.#fresh = true
    this.#set(answer.value)
    this.#write()
  }

  #set(value: T): void {
    this.#value = value
    this.#at = Date.now()
  }

  #write(): void {
    clearTimeout(this.#writing)
    this.#writing = undefined
    if (this.#name !== null) rememberValue(this.#name, this.#value, this.#at ?? 0)
  }
}
