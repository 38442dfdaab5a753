import type { HistoryPage, SeriesPoints } from './HistoryStore.ts'
import { eachCell } from './rowCodec.ts'
import type { Row } from './RowStore.ts'

export interface ReadRows {
  raw: boolean
  rows: Row[]
}

const maxPoints = 1000
/** Series of one page. Where more came and went, those with the most points are told. */
const maxSeries = 300
/** Polls are not evenly spaced: a step of their usual distance would have holes. */
const spacing = 1.25
const niceSeconds = [2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 86_400]

/**
 * The distance of points: what was asked for, else the finest that leaves no holes between rows as they came; a
 * multiple of what the tier has, and such that a page has at most about 1,000 points.
 */
export function chooseStep(
  read: ReadRows[],
  { from, to, stepMs, tierStepMs }: { from: number; to: number; stepMs?: number; tierStepMs: number },
): number {
  const unit = Math.max(tierStepMs, 1000)
  const least = Math.max(unit, (to - from) / maxPoints, stepMs ?? usualDistance(read))
  return Math.ceil(least / unit - 1e-9) * unit
}

function usualDistance(read: ReadRows[]): number {
  // The finest rows that there are: the coarser ones hold several polls each.
  const finest = read.findLast(({ rows }) => rows.length > 1)
  if (!finest) return 0
  const distances = finest.rows.slice(1).map(({ at }, index) => at - (finest.rows[index]?.at ?? at))
  const usual = distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0
  if (!finest.raw) return usual
  const seconds = niceSeconds.find((nice) => nice * 1000 >= usual * spacing)
  return seconds === undefined ? usual * spacing : seconds * 1000
}

interface Gathered {
  points: number
  count: Uint32Array
  sum: Float64Array
  min: Float64Array
  max: Float64Array
}

/** Puts rows into steps from `from` to `to`. Ids that nobody can name any more are left out. */
export function toPage(
  read: ReadRows[],
  names: Map<number, string>,
  { from, to, stepMs }: { from: number; to: number; stepMs: number },
): HistoryPage {
  const begin = Math.floor(from / stepMs) * stepMs
  const length = Math.max(0, Math.ceil((to - begin) / stepMs))
  const all = new Map<number, Gathered>()
  for (const { raw, rows } of read) {
    for (const { at, data } of rows) {
      const index = Math.floor((at - begin) / stepMs)
      if (index < 0 || index >= length) continue
      eachCell(data, raw, (id, mean, min, max) => {
        let series = all.get(id)
        if (!series) {
          if (!names.has(id)) return
          all.set(id, (series = emptySeries(length)))
        }
        if (series.count[index] === 0) {
          series.points += 1
          series.min[index] = min
          series.max[index] = max
        } else {
          if (min < (series.min[index] ?? min)) series.min[index] = min
          if (max > (series.max[index] ?? max)) series.max[index] = max
        }
        series.count[index] = (series.count[index] ?? 0) + 1
        series.sum[index] = (series.sum[index] ?? 0) + mean
      })
    }
  }
  const most = [...all].sort(([, a], [, b]) => b.points - a.points).slice(0, maxSeries)
  return {
    stepMs,
    times: Array.from({ length }, (_, index) => begin + index * stepMs),
    leftOut: all.size - most.length,
    series: most.map(([id, series]) => toPoints(names.get(id) ?? '', series)),
  }
}

const emptySeries = (length: number): Gathered => ({
  points: 0,
  count: new Uint32Array(length),
  sum: new Float64Array(length),
  min: new Float64Array(length),
  max: new Float64Array(length),
})

function toPoints(series: string, { count, sum, min, max }: Gathered): SeriesPoints {
  // What 24 bits hold of a decimal fraction.
  const round = (value: number): number => Math.round(value * 1000) / 1000
  const known = (value: (index: number) => number): (number | null)[] =>
    Array.from(count, (times, index) => (times === 0 ? null : round(value(index))))
  return {
    series,
    mean: known((index) => (sum[index] ?? 0) / (count[index] ?? 1)),
    min: known((index) => min[index] ?? 0),
    max: known((index) => max[index] ?? 0),
  }
}
