/**
 * Figures of one subject (a host) at one moment, by series; one that is missing is left out, or null. What belongs
 * together may stand together: `{'gpu:1': {watts: 5}}` is the series `gpu:1:watts`, and costs a fraction of it.
 */
export type Figures = Record<string, number | null | Record<string, number | null>>

export interface SeriesPoints {
  series: string
  mean: (number | null)[]
  min: (number | null)[]
  max: (number | null)[]
}

export interface HistoryPage {
  stepMs: number
  /** The beginning of each step, in ms since 1970. */
  times: number[]
  series: SeriesPoints[]
  /** Series of the range that are not told, since there are too many: those with the fewest points. */
  leftOut: number
}

/** The ladder: raw for hours, then means with min and max in steps that grow coarser, so that storage is bounded. */
export interface History {
  /** Returns at once and never throws; written soon, in order. `at` in ms since 1970. */
  add(subject: string, at: number, figures: Figures): void
  /**
   * One query for any range: the finest step that is kept of all of it, or a multiple of one near `stepMs`. Throws
   * `log_unavailable` when the store does not answer.
   */
  read(subject: string, range: { from: number; to: number; stepMs?: number }): Promise<HistoryPage>
  /** Writes what waits, if it can. */
  close(): Promise<void>
}
