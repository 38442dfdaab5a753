/** Calls `whenQuiet` once nothing was touched for `ms` after `start`; the time that it is held does not count. */
export class Quiet {
  readonly #ms: number
  readonly #whenQuiet: () => void
  #touched = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #held = false

  constructor(ms: number, whenQuiet: () => void) {
    this.#ms = ms
    this.#whenQuiet = whenQuiet
  }

  start(): void {
    this.#arm(this.#ms)
  }

  touch(): void {
    this.#touched = performance.now()
  }

  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.touch()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #arm(ms: number): void {
    if (this.#stopped) return
    const armed = performance.now()
    this.#timer = setTimeout(() => {
      // After a stall of the event loop timers run before what has already arrived is read.
      setImmediate(() => {
        if (this.#stopped) return
        if (this.#held) this.#arm(this.#ms)
        else if (this.#touched >= armed)
          this.#arm(Math.max(1, this.#ms - (performance.now() - this.#touched)))
        else this.#whenQuiet()
      })
    }, ms)
  }
}
