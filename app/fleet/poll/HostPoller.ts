import type { Runner } from '#app/ssh/Runner.ts'
import { openCollector, type Collector } from './collect.ts'
import type { FleetHost } from '../FleetHost.ts'
import { foldPoll } from '../fold/foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import type { Poll } from './Poll.ts'
import { leastPauseMs, leastRetryMs, pollInterval, watchMs, withJitter } from './PollSchedule.ts'
import type { WorkingPlaces } from './WorkingPlaces.ts'

export interface HostPollerDeps {
  runner: Runner
  places: WorkingPlaces
  /** How long its probe may take. */
  timeoutMs?: number
  /** Ms since 1970, for times that are told. */
  now: () => number
  /** 0…1 */
  random: () => number
  /** After every poll. Must not throw. */
  onPolled: (host: FleetHost, after: HostMemory, before: HostMemory | null) => void
  /** Something in us failed while a poll was read. */
  onError: (error: unknown) => void
}

/** Polls one host again and again, never twice at once. Intervals count on a clock that nobody sets. */
export class HostPoller {
  readonly #deps: HostPollerDeps
  #host: FleetHost
  #memory: HostMemory | null = null
  /** Until what was stored of it is known: the newest poll, which is then compared with that. */
  #awaited: { poll: Poll | null } | null = { poll: null }
  #watchedUntil = -Infinity
  #startedAt = -Infinity
  #endedAt = -Infinity
  #nextAt = Infinity
  #polling = false
  #stopped = false
  /** Gives up the poll that runs. */
  readonly #giveUp = new AbortController()
  readonly #collector: Collector
  #again = false
  #timer: NodeJS.Timeout | undefined

  constructor(host: FleetHost, deps: HostPollerDeps) {
    this.#host = host
    this.#deps = deps
    this.#collector = openCollector(deps.runner)
  }

  get host(): FleetHost {
    return this.#host
  }

  get memory(): HostMemory | null {
    return this.#memory
  }

  /** What was stored is not known yet, so that nothing may be stored over it. */
  get awaitsStored(): boolean {
    return this.#awaited !== null
  }

  /** What another process, or this one before, knew of it; null: nothing is stored. */
  found(stored: HostMemory | null): void {
    if (!this.#awaited) return
    const { poll } = this.#awaited
    this.#awaited = null
    if (!poll) this.#memory = stored
    else if (stored) this.#memory = this.#pace(foldPoll(stored, poll, this.#host))
  }

  /** The first poll, after so long, unless somebody has hastened it already. */
  start(delayMs: number): void {
    if (this.#nextAt === Infinity) this.#setNext(performance.now() + delayMs)
  }

  /** Takes other settings of the same machine. */
  configure(host: FleetHost): void {
    this.#host = host
    this.#hasten(this.#startedAt + this.#interval())
  }

  /** Somebody looks at it: it is polled at once if its newest reading is older than that deserves. */
  watch(): void {
    this.#watchedUntil = performance.now() + watchMs
    this.#hasten(this.#startedAt + this.#interval())
  }

  /** Polls it now, or again after the poll that has begun. */
  refresh(): void {
    if (this.#polling) this.#again = true
    else this.#hasten(this.#endedAt + (this.#failures > 0 ? leastRetryMs : leastPauseMs))
  }

  /** What runs is given up, and its result counts no more. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#giveUp.abort()
    this.#collector.close()
  }

  get #failures(): number {
    return this.#memory?.failures ?? 0
  }

  #interval(): number {
    const { intervalMs, watchedIntervalMs } = this.#host
    const watched = performance.now() < this.#watchedUntil
    return pollInterval({ intervalMs, watchedIntervalMs, watched, failures: this.#failures })
  }

  #hasten(at: number): void {
    if (this.#polling || at >= this.#nextAt) return
    this.#setNext(Math.max(at, performance.now()))
  }

  #setNext(at: number): void {
    if (this.#stopped) return
    this.#nextAt = at
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), Math.max(0, at - performance.now()))
  }

  async #poll(): Promise<void> {
    this.#polling = true
    const release = await this.#deps.places.take()
    const startedAt = this.#deps.now()
    this.#startedAt = performance.now()
    try {
      if (this.#stopped) return
      const result = await this.#collector.collect(this.#giveUp.signal, this.#deps.timeoutMs)
      release()
      this.#endedAt = performance.now()
      if (!this.#stopped) this.#take({ startedAt, endedAt: this.#deps.now(), result })
    } catch (error) {
      this.#deps.onError(error)
    } finally {
      release()
      this.#polling = false
      this.#rest()
    }
  }

  #take(poll: Poll): void {
    const before = this.#memory
    this.#memory = this.#pace(foldPoll(before, poll, this.#host))
    if (this.#awaited) this.#awaited = { poll }
    this.#deps.onPolled(this.#host, this.#memory, before)
  }

  /** Says when it is polled again. */
  #pace(memory: HostMemory): HostMemory {
    const { intervalMs, watchedIntervalMs } = this.#host
    const watched = performance.now() < this.#watchedUntil
    const interval = pollInterval({ intervalMs, watchedIntervalMs, watched, failures: memory.failures })
    const { nextPollAt: _, ...rest } = memory
    if (interval <= intervalMs) return { ...rest, intervalMs: interval }
    return { ...rest, intervalMs, nextPollAt: this.#deps.now() + interval }
  }

  #rest(): void {
    const pause = this.#failures > 0 ? leastRetryMs : leastPauseMs
    const soonest = this.#endedAt + pause
    const usual = this.#startedAt + withJitter(this.#interval(), this.#deps.random())
    this.#setNext(this.#again ? soonest : Math.max(soonest, usual))
    this.#again = false
  }
}
