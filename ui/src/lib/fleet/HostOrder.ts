import { KeptOrder } from './KeptOrder.ts'
import type { RankedHost } from './orderHosts.ts'
import { placeInColumns } from './placeInColumns.ts'

/** Where the cards of hosts are drawn: in which order, and in which column. Neither changes while it may not. */
export class HostOrder {
  readonly #order = new KeptOrder()
  #by = ''
  /** The column of each host, of so many. */
  #columns = new Map<string, number>()
  #count = 0

  /** `by` says what is wanted: something else is drawn at once. */
  arrange(wanted: RankedHost[], by: string, free: boolean): RankedHost[] {
    if (free || by !== this.#by) this.#columns.clear()
    this.#by = by
    return this.#order.arrange(wanted, ({ host }) => host.name, by, free)
  }

  /** What `arrange` told, in `count` columns. */
  place(hosts: RankedHost[], count: number, heightOf: (ranked: RankedHost) => number): RankedHost[][] {
    const kept = count === this.#count ? this.#columns : new Map<string, number>()
    const placed = placeInColumns(hosts, count, heightOf, ({ host }) => kept.get(host.name))
    this.#count = count
    this.#columns = new Map(placed.flatMap((column, at) => column.map(({ host }) => [host.name, at])))
    return placed
  }
}
