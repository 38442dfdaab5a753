import type { Pending } from './Tail.ts'

/**
 * The newest events of a stream as its writer knows them to be stored, without holes, up to about `maxBytes`: what
 * a storage that comes back with less can be given again.
 */
export class Recent {
  readonly #maxBytes: number
  #items: Pending[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get items(): readonly Pending[] {
    return this.#items
  }

  add(items: readonly Pending[]): void {
    this.#items.push(...items)
    for (const item of items) this.#bytes += item.bytes
    let dropped = 0
    while (this.#bytes > this.#maxBytes && dropped < this.#items.length) {
      this.#bytes -= this.#items[dropped]?.bytes ?? 0
      dropped++
    }
    if (dropped > 0) this.#items.splice(0, dropped)
  }

  /** Takes the newest `count` away; they are not stored any more. */
  drop(count: number): void {
    const kept = this.#items.slice(0, this.#items.length - count)
    this.#items = []
    this.#bytes = 0
    this.add(kept)
  }
}
