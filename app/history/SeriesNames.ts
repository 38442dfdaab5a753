import { namesPeriodMs, namesTier } from './ladder.ts'
import { decodeNames, encodeNames, seriesId } from './rowCodec.ts'
import type { PlacedRow, Row } from './RowStore.ts'

/** Names of one subject in one week. Series come and go with tmux sessions: beyond this, new ones are not kept. */
const maxNames = 20_000
/** Those of one owner (`tmux:gpu1:1000` of `tmux:gpu1:1000:…`): whoever makes ever new ones uses up no others' room. */
const maxOfOwner = 5000

/** Which series a subject had in this week: their numbers, and which names are not yet on their way to the store. */
export class SeriesNames {
  /** By the name, or its part before the metric, and then by the metric; '' for none. */
  readonly #ids = new Map<string, Map<string, number>>()
  readonly #ofOwner = new Map<string, number>()
  #count = 0
  /** The newest moment of a row. */
  usedAt = 0
  #period = -1
  #fresh: string[] = []

  /** The number of the series `name:metric`, or `name` alone; null when there are too many of them. */
  idOf(name: string, metric = ''): number | null {
    let metrics = this.#ids.get(name)
    const known = metrics?.get(metric)
    if (known !== undefined) return known
    const owner = name.split(':', 3).join(':')
    const ofOwner = this.#ofOwner.get(owner) ?? 0
    if (this.#count >= maxNames || ofOwner >= maxOfOwner) return null
    this.#ofOwner.set(owner, ofOwner + 1)
    if (!metrics) this.#ids.set(name, (metrics = new Map<string, number>()))
    const whole = metric === '' ? name : `${name}:${metric}`
    const id = seriesId(whole)
    metrics.set(metric, id)
    this.#count += 1
    this.#fresh.push(whole)
    return id
  }

  /** Begins anew when `at` lies in another week, so that what is not used any more is forgotten with its rows. */
  enter(at: number): void {
    this.usedAt = at
    const period = Math.floor(at / namesPeriodMs)
    if (period === this.#period) return
    this.#period = period
    this.#ids.clear()
    this.#ofOwner.clear()
    this.#count = 0
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
