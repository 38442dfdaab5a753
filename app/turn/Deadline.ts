/** A limit on working time: it stands still while the turn waits for an operator. */
export class Deadline {
  readonly #end = new AbortController()
  #leftMs: number
  #holders = 0
  #since = performance.now()
  #timer: NodeJS.Timeout | undefined

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
    if (this.#holders++ === 0) this.stop()
    try {
      return await wait()
    } finally {
      if (--this.#holders === 0) this.#run()
    }
  }

  /** Call it at the end: a timer that runs on keeps the process alive. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#leftMs -= performance.now() - this.#since
  }

  #run(): void {
    this.#since = performance.now()
    this.#timer = setTimeout(() => this.#end.abort(), Math.max(0, this.#leftMs))
  }
}
