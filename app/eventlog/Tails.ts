import type { Batch, Page, Position } from './EventLog.ts'
import { cutBatch, joinBatches } from './frame.ts'

type Tail = [Batch, ...Batch[]]

/**
 * What writers of this process hold and could not store yet, per stream, so that followers, pages and heads in
 * this process see it while the storage is away. Bounded by the writers' own tails, whose buffers these are.
 */
export class Tails {
  readonly #tails = new Map<string, Tail>()

  add(stream: string, batch: Batch): void {
    const tail = this.#tails.get(stream)
    if (tail === undefined) this.#tails.set(stream, [batch])
    else tail.push(batch)
  }

  /** Forgets what is stored now. */
  settle(stream: string, stored: Batch): void {
    const tail = this.#tails.get(stream)
    if (tail === undefined) return
    const [next, ...rest] = tail.filter((batch) => batch.last > stored.last)
    if (next === undefined) this.#tails.delete(stream)
    else this.#tails.set(stream, [next, ...rest])
  }

  /** Forgets all of it; returns the first seq that was announced and not stored, null if there is none. */
  drop(stream: string): number | null {
    const first = this.#tails.get(stream)?.[0].first ?? null
    this.#tails.delete(stream)
    return first
  }

  /** Where the stream stands with its tail, `stored` being where it stands without. */
  position(stream: string, stored: Position): Position {
    const tail = this.#over(stream, stored)
    return tail === null ? stored : { epoch: tail[0].epoch, seq: Math.max(stored.seq, lastOf(tail)) }
  }

  /** The head, with the tail on top; with the storage away, the tail alone. */
  async head(stream: string, read: () => Promise<Position>): Promise<Position> {
    try {
      return this.position(stream, await this.#settled(stream, read))
    } catch (error) {
      const tail = this.#tails.get(stream)
      if (tail === undefined) throw error
      return { epoch: tail[0].epoch, seq: lastOf(tail) }
    }
  }

  /** A page, with the tail behind what is stored; with the storage away, what the tail alone can answer. */
  async page(stream: string, after: number, limit: number, read: () => Promise<Page>): Promise<Page> {
    let page: Page
    try {
      page = await this.#settled(stream, read)
    } catch (error) {
      const tail = this.#tails.get(stream)
      if (tail === undefined || after < tail[0].first - 1) throw error
      return { epoch: tail[0].epoch, head: lastOf(tail), trimmedTo: 0, batch: cutTail(tail, after, limit) }
    }
    const tail = this.#over(stream, { epoch: page.epoch, seq: page.head })
    if (tail === null || lastOf(tail) <= page.head) return page
    return {
      ...page,
      epoch: tail[0].epoch,
      head: lastOf(tail),
      batch: page.batch ?? cutTail(tail, after, limit),
    }
  }

  /** A reading that no writer overtook: what it lacked and was stored meanwhile is not in the tail any more either. */
  async #settled<T>(stream: string, read: () => Promise<T>): Promise<T> {
    for (;;) {
      const tail = this.#tails.get(stream)
      const reading = await read()
      if (tail === undefined || this.#tails.get(stream) === tail) return reading
    }
  }

  /** The tail, if it goes on from what is stored. */
  #over(stream: string, stored: Position): Tail | null {
    const tail = this.#tails.get(stream)
    if (tail === undefined) return null
    const sameNumbering = stored.seq === 0 || stored.epoch === tail[0].epoch
    return sameNumbering && stored.seq >= tail[0].first - 1 ? tail : null
  }
}

const lastOf = (tail: Tail): number => tail.at(-1)?.last ?? tail[0].last

function cutTail(tail: Tail, after: number, limit: number): Batch | null {
  const [first, ...rest] = tail.filter((batch) => batch.last > after && batch.first <= after + limit)
  return first === undefined ? null : cutBatch(joinBatches([first, ...rest]), after, limit)
}
