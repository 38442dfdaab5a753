/**
 * At most so many polls work at once. One that takes long only waits for its host: it gives its place back after
 * `holdMs`, so that no host delays another.
 */
export class WorkingPlaces {
  readonly #limit: number
  readonly #holdMs: number
  readonly #waiting: ((release: () => void) => void)[] = []
  #taken = 0

  constructor(limit: number, holdMs: number) {
    this.#limit = limit
    this.#holdMs = holdMs
  }

  /** Resolves, when it is one's turn, to what gives the place back; calling that again does nothing. */
  take(): Promise<() => void> {
    if (this.#taken < this.#limit) return Promise.resolve(this.#grant())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #grant(): () => void {
    this.#taken += 1
    let held = true
    const release = () => {
      if (!held) return
      held = false
      clearTimeout(timer)
      this.#taken -= 1
      this.#waiting.shift()?.(this.#grant())
    }
    const timer = setTimeout(release, this.#holdMs)
    return release
  }
}
