import type { LegFailure } from './legFailure.ts'

interface Waiter {
  settle: (failure: LegFailure | null) => void
}

/**
 * At most `limit` at once; `maxWaiting` more wait in line, each for at most `waitMs`. That the line is long is
 * no failure of the far side: who waits in vain is told the leg `command`.
 */
export class Slots {
  readonly #limit: number
  readonly #maxWaiting: number
  readonly #waitMs: number
  readonly #name: string
  readonly #waiting = new Set<Waiter>()
  #taken = 0

  constructor(
    name: string,
    { limit, maxWaiting, waitMs }: { limit: number; maxWaiting: number; waitMs: number },
  ) {
    this.#name = name
    this.#limit = limit
    this.#maxWaiting = maxWaiting
    this.#waitMs = waitMs
  }

  /** Nothing is taken and nobody waits. */
  get idle(): boolean {
    return this.#taken === 0 && this.#waiting.size === 0
  }

  /** Resolves to null when a slot is yours, which `release` gives back, or to why it never will be. */
  take(signal?: AbortSignal): Promise<LegFailure | null> {
    const cancelled: LegFailure = {
      leg: 'cancelled',
      failure: `Cancelled before it was sent to ${this.#name}; it was not run.`,
    }
    if (signal?.aborted) return Promise.resolve(cancelled)
    if (this.#taken < this.#limit) {
      this.#taken += 1
      return Promise.resolve(null)
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      const failure = `${String(this.#maxWaiting)} commands already wait for ${this.#name}; this one was not run.`
      return Promise.resolve({ leg: 'command', failure })
    }
    const { promise, resolve } = Promise.withResolvers<LegFailure | null>()
    const waiter: Waiter = {
      settle: (failure) => {
        if (!this.#waiting.delete(waiter)) return
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        resolve(failure)
      },
    }
    const onAbort = () => waiter.settle(cancelled)
    const timer = setTimeout(() => {
      const failure = `Waited ${(this.#waitMs / 1000).toLocaleString('en')} s behind other commands for ${this.#name}; it was not run.`
      waiter.settle({ leg: 'command', failure })
    }, this.#waitMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(waiter)
    return promise
  }

  /** Hands the slot to who has waited longest. */
  release(): void {
    const [first] = this.#waiting
    if (first) first.settle(null)
    else this.#taken -= 1
  }

  /** Tells all who wait that they wait in vain. */
  failWaiting(failure: LegFailure): void {
    for (const waiter of [...this.#waiting]) waiter.settle(failure)
  }
}
