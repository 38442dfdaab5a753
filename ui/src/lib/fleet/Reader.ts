import { mayMove } from './orderHosts.ts'

const unfolded = '[aria-expanded="true"], details[open], :focus'
/** To look at the page costs more than all that asks in the same update. */
const sameUpdateMs = 50

/** Whoever is at the screen: what is under their finger or before their eyes is not moved. */
export class Reader {
  readonly #scroller: () => HTMLElement | undefined
  #touchedAt = 0
  #asked = { at: 0, may: true }

  /** The element that scrolls, once it is there; what is open or has the focus is looked for in its `.panel`. */
  constructor(scroller: () => HTMLElement | undefined) {
    this.#scroller = scroller
  }

  touch(): void {
    this.#touchedAt = Date.now()
    this.#asked.at = 0
  }

  /** Asked for anew each time: nothing tells that it has changed. */
  mayMove(): boolean {
    const now = Date.now()
    if (Math.abs(now - this.#asked.at) >= sameUpdateMs) {
      const scroller = this.#scroller()
      const held = (scroller?.querySelector('.panel')?.querySelector(unfolded) ?? null) !== null
      const scrolledPx = scroller?.scrollTop ?? 0
      this.#asked = { at: now, may: mayMove({ touchedAt: this.#touchedAt, scrolledPx, held }, now) }
    }
    return this.#asked.may
  }
}
