import { keepOrder } from './orderHosts.ts'

/** An order that stays as it was drawn while it may not change. */
export class KeptOrder {
  #shown: string[] = []
  #by = ''

  /** `by` says what the order is of: another one is drawn at once. */
  arrange<T>(wanted: T[], keyOf: (item: T) => string, by: string, free: boolean): T[] {
    const items = new Map(wanted.map((item) => [keyOf(item), item]))
    const keys = [...items.keys()]
    this.#shown = free || by !== this.#by ? keys : keepOrder(this.#shown, keys)
    this.#by = by
    return this.#shown.flatMap((key) => items.get(key) ?? [])
  }
}
