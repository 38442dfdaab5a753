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
  /**
   * A request may still be on its way, or its worker about to begin: `unheard` and `died` prove nothing before the
   * hypervisor has been heard for so long.
   */
  graceMs: number
  /** The hypervisor may be rebooting: so long it is asked. */
  endMs: number
}

const wallClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
}
const usual: Pace = { firstMs: 2_000, longestMs: 60_000, graceMs: 30_000, endMs: 3_600_000 }
/** So many are followed at once, the newest; each of the others when one of these ends. */
const most = 20

interface Open {
  /** Ends its questions; absent while newer ones are followed. */
  active?: AbortController
  over: PromiseWithResolvers<void>
}

/**
 * Finds out how operations ended whose end is unknown, by reading their journal again and again: after 2 s, 4 s,
 * 8 s… 60 s, for an hour at most. What still runs is asked for quickly again. One question is under way at a time.
 */
export class UnknownOutcomes {
  readonly #options: UnknownOutcomesOptions
  readonly #pace: Pace
  readonly #clock: Clock
  /** Oldest first. */
  #open = new Map<string, Open>()
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: UnknownOutcomesOptions) {
    this.#options = options
    this.#pace = { ...usual, ...options.pace }
    this.#clock = options.clock ?? wallClock
  }

  /** Begins to ask for this op, unless it is being asked for. Resolves when nothing more is asked. */
  async follow(op: string): Promise<void> {
    if (this.#closed) return
    let one = this.#open.get(op)
    if (!one) {
      one = { over: Promise.withResolvers<void>() }
      this.#open.set(op, one)
      this.#share()
    }
    await one.over.promise
  }

  /** Its end has become known otherwise, or it is being sent again. */
  drop(op: string): void {
    const one = this.#open.get(op)
    if (!one) return
    this.#open.delete(op)
    one.active?.abort()
    one.over.resolve()
    if (!this.#closed) this.#share()
  }

  close(): void {
    this.#closed = true
    for (const op of [...this.#open.keys()]) this.drop(op)
  }

  #share(): void {
    const newest = new Set([...this.#open.keys()].slice(-most))
    for (const [op, one] of this.#open) {
      if (!newest.has(op)) {
        one.active?.abort()
        delete one.active
      } else if (!one.active) {
        const active = new AbortController()
        one.active = active
        void this.#ask(op, active.signal).then(() => {
          if (one.active === active && this.#open.get(op) === one) this.drop(op)
        })
      }
    }
  }

  async #ask(op: string, signal: AbortSignal): Promise<void> {
    const { giveUp } = this.#options
    const { firstMs, longestMs, graceMs, endMs } = this.#pace
    const { now, sleep: pause } = this.#clock
    const beganAt = now()
    let heardAt: number | undefined
    for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, longestMs)) {
      await pause(waitMs, signal).catch(() => undefined)
      if (signal.aborted) return
      const answered = await this.#inTurn(op, signal)
      if (signal.aborted || answered === 'ended') return
      if (answered !== 'unreached') heardAt ??= now()
      const heardForMs = heardAt === undefined ? 0 : now() - heardAt
      const isSettled = (answered === 'died' || answered === 'unheard') && heardForMs >= graceMs
      if (isSettled || now() - beganAt >= endMs) return giveUp(op, answered)
      if (answered === 'running') waitMs = firstMs / 2
    }
  }

  #inTurn(op: string, signal: AbortSignal): Promise<Answered> {
    const mine = this.#turn.then(() => (signal.aborted ? 'unreached' : this.#options.ask(op)))
    this.#turn = mine
    return mine
  }
}
