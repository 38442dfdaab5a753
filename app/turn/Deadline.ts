/** A limit on working time: it stands still while the turn waits for an operator. */
export class Deadline {
  readonly #end = new AbortController()
  #leftMs: number
  #holders = 0
  #since = performance.now()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(limitMs: number) {
    this.#leftMs = limitMs
    this.#run()
  }

  /** Aborts when the time is used up. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Runs `wait` with the clock stopped. */
  async during<T>(wait: () => Promise<T>): Promise<T> {
    if (this.#holders++ === 0) this.#pause()
    try {
      return await wait()
    } finally {
      if (--this.#holders === 0) this.#run()
    }
  }

  /** Call it at the end, also while waits are under way: a timer that runs on keeps the process alive. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #pause(): void {
    clearTimeout(this.#timer)
    this.#leftMs -= performance.now() - this.#since
  }

  #run(): void {
    if (this.#stopped) return
    this.#since = performance.now()
    this.#timer = setTimeout(() => this.#end.abort(), Math.max(0, this.#leftMs))
  }
}
