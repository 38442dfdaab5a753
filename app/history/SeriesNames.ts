import { namesPeriodMs, namesTier } from './ladder.ts'
import { decodeNames, encodeNames, seriesId } from './rowCodec.ts'
import type { PlacedRow, Row } from './RowStore.ts'

/** Names of one subject in one week. Series come and go with tmux sessions: beyond this, new ones are not kept. */
const maxNames = 20_000

/** Which series a subject had in this week: their numbers, and which names are not yet on their way to the store. */
export class SeriesNames {
  readonly #ids = new Map<string, number>()
  #period = -1
  #fresh: string[] = []

  /** The number of a series; null when there are too many of them. */
  idOf(name: string): number | null {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    if (this.#ids.size >= maxNames) return null
    const id = seriesId(name)
    this.#ids.set(name, id)
    this.#fresh.push(name)
    return id
  }

  /** Begins anew when `at` lies in another week, so that what is not used any more is forgotten with its rows. */
  enter(at: number): void {
    const period = Math.floor(at / namesPeriodMs)
    if (period === this.#period) return
    this.#period = period
    this.#ids.clear()
    this.#fresh = []
  }

  /**
   * The row that must be written before those that use the names; null: none are new. Its moment is made of the names,
   * so that a process that begins again and again replaces it.
   */
  takeFresh(subject: string): PlacedRow | null {
    if (this.#fresh.length === 0) return null
    const data = encodeNames(this.#fresh)
    const at = this.#period * namesPeriodMs + (seriesId(data.toString()) % namesPeriodMs)
    this.#fresh = []
    return { subject, tier: namesTier, at, data }
  }
}

/** By number, from the rows of some weeks. */
export function namesById(rows: Row[]): Map<number, string> {
  return new Map(rows.flatMap(({ data }) => decodeNames(data).map((name) => [seriesId(name), name] as const)))
}
