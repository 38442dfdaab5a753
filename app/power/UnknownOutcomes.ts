import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What the hypervisor's journal said: the end; that it runs; `died`, it was begun and its end is lost; `unheard`, it
 * knows no such op. Or the journal could not be read.
 */
export type Answered = 'ended' | 'running' | 'died' | 'unheard' | 'unreached'
export type GivenUp = Exclude<Answered, 'ended'>

export interface UnknownOutcomesOptions {
  /** Reads an op's journal and takes in what it says. Runs nothing there, never throws. */
  ask: (op: string) => Promise<Answered>
  /** Nothing more will be found out, and this was the last answer. */
  giveUp: (op: string, last: GivenUp) => void
  pace?: Partial<Pace>
  clock?: Clock
}

export interface Clock {
  /** Ms since some moment. */
  now: () => number
  /** Resolves after so long; rejects when `signal` is aborted. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Pace {
  firstMs: number
  longestMs: number
  /** A request may still be on its way, or its worker about to begin: before this age `unheard` and `died` prove nothing. */
  graceMs: number
  /** The hypervisor may be rebooting: so long it is asked. */
  endMs: number
}

const wallClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
}
const usual: Pace = { firstMs: 2_000, longestMs: 60_000, graceMs: 30_000, endMs: 3_600_000 }
/** More than these at once are a hypervisor's trouble, not an operation's; the rest is read when someone asks. */
const most = 20

/**
 * Finds out how operations ended whose end is unknown, by reading their journal again and again: after 2 s, 4 s,
 * 8 s… 60 s, for an hour at most. What still runs is asked for quickly again.
 */
export class UnknownOutcomes {
  readonly #options: UnknownOutcomesOptions
  readonly #pace: Pace
  readonly #clock: Clock
  #followed = new Map<string, AbortController>()
  #closed = false

  constructor(options: UnknownOutcomesOptions) {
    this.#options = options
    this.#pace = { ...usual, ...options.pace }
    this.#clock = options.clock ?? wallClock
  }

  /** Begins to ask for this op, unless it is being asked for. */
  follow(op: string): void {
    if (this.#closed || this.#followed.has(op) || this.#followed.size >= most) return
    const given = new AbortController()
    this.#followed.set(op, given)
    void this.#ask(op, given.signal).finally(() => {
      if (this.#followed.get(op) === given) this.#followed.delete(op)
    })
  }

  /** Its end has become known otherwise, or it is being sent again. */
  drop(op: string): void {
    this.#followed.get(op)?.abort()
    this.#followed.delete(op)
  }

  close(): void {
    this.#closed = true
    for (const op of [...this.#followed.keys()]) this.drop(op)
  }

  async #ask(op: string, signal: AbortSignal): Promise<void> {
    const { ask, giveUp } = this.#options
    const { firstMs, longestMs, graceMs, endMs } = this.#pace
    const { now, sleep: pause } = this.#clock
    const beganAt = now()
    for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, longestMs)) {
      await pause(waitMs, signal).catch(() => undefined)
      if (signal.aborted) return
      const answered = await ask(op)
      if (signal.aborted || answered === 'ended') return
      const ageMs = now() - beganAt
      const isSettled = (answered === 'died' || answered === 'unheard') && ageMs >= graceMs
      if (isSettled || ageMs >= endMs) return giveUp(op, answered)
      if (answered === 'running') waitMs = firstMs / 2
    }
  }
}
