import type { Batch, NewEvent, Position } from './EventLog.ts'
import { toFrame } from './frame.ts'

/** One event of a writer on its way into the log. */
export interface Pending {
  event: NewEvent
  at: string
  /** For text: it may go into the log relaxed. */
  relaxed: boolean
  frame: string
  bytes: number
  /** The writer waits until this event, and with it all before, is stored. */
  commit?: PromiseWithResolvers<Position>
}

/** Events in order, numbered from `after + 1` in `epoch`, with their frames. */
export class Tail {
  #epoch: string
  #after: number
  #items: Pending[] = []
  #bytes = 0

  constructor({ epoch, seq }: Position) {
    this.#epoch = epoch
    this.#after = seq
  }

  get epoch(): string {
    return this.#epoch
  }

  get length(): number {
    return this.#items.length
  }

  get bytes(): number {
    return this.#bytes
  }

  get items(): readonly Pending[] {
    return this.#items
  }

  push(event: NewEvent, at: string, relaxed: boolean): Pending {
    const item = { event, at, relaxed, frame: '', bytes: 0 }
    this.#number(item, this.#items.length)
    this.#items.push(item)
    this.#bytes += item.bytes
    return item
  }

  /** Numbers everything anew after `position`. */
  renumber({ epoch, seq }: Position): void {
    this.#epoch = epoch
    this.#after = seq
    this.#items.forEach((item, i) => this.#number(item, i))
    this.#bytes = sumBytes(this.#items)
  }

  /** Puts items of an older numbering in front and numbers everything anew. */
  prepend(items: readonly Pending[], position: Position): void {
    this.#items = [...items, ...this.#items]
    this.renumber(position)
  }

  /** Events from item `start` on as a batch of about `maxBytes`, at least one; null when there are none. */
  batch(start: number, maxBytes = Infinity): Batch | null {
    if (start >= this.#items.length) return null
    let end = start
    for (let bytes = 0; end < this.#items.length; end++) {
      bytes += this.#items[end]?.bytes ?? 0
      if (bytes > maxBytes && end > start) break
    }
    const frames = Buffer.from(
      this.#items
        .slice(start, end)
        .map((item) => item.frame)
        .join(''),
    )
    return { epoch: this.#epoch, first: this.#after + 1 + start, last: this.#after + end, frames }
  }

  /** Takes the first `count` items away. */
  shift(count: number): Pending[] {
    const taken = this.#items.splice(0, count)
    this.#after += taken.length
    this.#bytes -= sumBytes(taken)
    return taken
  }

  #number(item: Pending, index: number): void {
    item.frame = toFrame(this.#epoch, this.#after + 1 + index, item.at, item.event)
    item.bytes = Buffer.byteLength(item.frame)
  }
}

const sumBytes = (items: readonly Pending[]): number => items.reduce((sum, item) => sum + item.bytes, 0)
