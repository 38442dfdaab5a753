const hour = 3_600_000
const day = 24 * hour

/**
 * The time by which old rows are removed for good. A clock that jumps ahead would erase what is young: it is believed
 * once it has gone on from there for a day, and that of a process that begins for an hour. Until then the time before
 * the jump counts. All times in ms since 1970.
 */
export class PruneClock {
  #last: number | null = null
  #since = 0
  #holdMs = hour
  #believed: number | null = null

  /** What the clock says now; back comes what to remove by, or null: nothing yet. */
  read(at: number): number | null {
    if (this.#last === null || Math.abs(at - this.#last) > day) {
      this.#holdMs = this.#last === null ? hour : day
      this.#since = at
    }
    this.#last = at
    if (at - this.#since >= this.#holdMs) this.#believed = at
    // One that was set back has less to remove.
    return this.#believed === null ? null : Math.min(this.#believed, at)
  }
}
