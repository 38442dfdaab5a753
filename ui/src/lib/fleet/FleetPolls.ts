/** What the polls do, each never thrown. */
export interface PollActs {
  loadAll: () => Promise<void>
  watch: (names: string[]) => Promise<void>
  /** The board tells of news by itself. */
  boardLives: () => boolean
  isHidden: () => boolean
  /** Nobody is signed in, so nothing is asked. */
  isBarred: () => boolean
}

export interface PollTimes {
  watchMs: number
  allMs: number
  /** Everything, while the board tells nothing. */
  blindMs: number
  settleMs: number
}

export const usualTimes: PollTimes = { watchMs: 5_000, allMs: 60_000, blindMs: 10_000, settleMs: 250 }

/** The most hosts that are asked for by name: more would be all of them. */
const mostNames = 40

/**
 * Asks for what is seen: the hosts on the screen every few seconds, everything now and then, everything more often
 * while the board is silent, and nothing while the page is hidden.
 */
export class FleetPolls {
  readonly #acts: PollActs
  readonly #times: PollTimes
  readonly #seen = new Set<string>()
  #settling: ReturnType<typeof setTimeout> | undefined
  #sinceAll = 0
  #watching = false

  constructor(acts: PollActs, times: PollTimes = usualTimes) {
    this.#acts = acts
    this.#times = times
  }

  /** What has come into sight is asked for at once, and what scrolls past is not. */
  see(name: string, inSight: boolean): void {
    if (!inSight) return void this.#seen.delete(name)
    this.#seen.add(name)
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => void this.#watch(), this.#times.settleMs)
  }

  start(): () => void {
    const { watchMs, allMs, blindMs } = this.#times
    const tick = (): void => {
      const { isHidden, isBarred, boardLives } = this.#acts
      if (isHidden() || isBarred()) return
      this.#sinceAll += watchMs
      if (this.#sinceAll >= (boardLives() ? allMs : blindMs)) void this.all()
      // Who looks has them polled often, whether the board tells of it or not.
      else void this.#watch()
    }
    void this.all()
    const timer = setInterval(tick, watchMs)
    return () => {
      clearInterval(timer)
      clearTimeout(this.#settling)
    }
  }

  all(): Promise<void> {
    this.#sinceAll = 0
    return this.#acts.loadAll()
  }

  async #watch(): Promise<void> {
    const { watch, isHidden, isBarred } = this.#acts
    if (this.#watching || this.#seen.size === 0 || isHidden() || isBarred()) return
    this.#watching = true
    await watch([...this.#seen].slice(0, mostNames))
    this.#watching = false
  }
}
