export interface Drawable {
  /** Draws the next part of it; true while more is to come. */
  more: () => boolean
  /** Takes all of it away again. */
  clear: () => void
}

/** A place for work that is done after the frame that is being drawn now. */
export type Later = (work: () => void) => void

const afterFrame: Later = (work) => void requestAnimationFrame(() => setTimeout(work))

/**
 * Draws what comes near, one part a frame, so that no frame waits for much; what is on the screen comes before what is
 * near it. What went away stays drawn until there are `most`, for who scrolls back.
 */
export class DrawQueue<Key> {
  readonly #later: Later
  readonly #most: number
  readonly #near = new Map<Key, Drawable>()
  readonly #urgent = new Set<Key>()
  /** What stands, in whole or in part. */
  readonly #drawn = new Map<Key, Drawable>()
  readonly #whole = new Set<Key>()
  #planned = false

  constructor(later: Later = afterFrame, most = 6) {
    this.#later = later
    this.#most = most
  }

  get drawn(): number {
    return this.#drawn.size
  }

  near(key: Key, drawable: Drawable): void {
    this.#near.set(key, drawable)
    this.#plan()
  }

  away(key: Key): void {
    this.#near.delete(key)
    this.#urgent.delete(key)
    this.#plan()
  }

  /** On the screen, or not any more. */
  seen(key: Key, inSight: boolean): void {
    if (inSight) this.#urgent.add(key)
    else this.#urgent.delete(key)
  }

  /** It is there no more. */
  forget(key: Key): void {
    this.away(key)
    this.#drawn.delete(key)
    this.#whole.delete(key)
  }

  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    this.#later(() => {
      this.#planned = false
      if (this.#step()) this.#plan()
    })
  }

  /** False when nothing is left to do. */
  #step(): boolean {
    const waits = (key: Key): boolean => this.#near.has(key) && !this.#whole.has(key)
    const next = [...this.#urgent].find(waits) ?? [...this.#near.keys()].find(waits)
    const old =
      this.#drawn.size < this.#most ? undefined : [...this.#drawn.keys()].find((key) => !this.#near.has(key))
    if (old !== undefined && (next === undefined || !this.#urgent.has(next))) {
      this.#drawn.get(old)?.clear()
      this.#drawn.delete(old)
      this.#whole.delete(old)
      return true
    }
    const drawable = next === undefined ? undefined : this.#near.get(next)
    if (next === undefined || drawable === undefined) return false
    this.#drawn.set(next, drawable)
    if (!drawable.more()) this.#whole.add(next)
    return true
  }
}
