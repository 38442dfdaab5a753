import type { HistoryPage } from '#app/history/HistoryStore.ts'
import type { HostHistory } from '#app/schema/fleet.ts'
import { readSeriesName } from './toFigures.ts'

/** A page of a host's figures as the API tells it; series that nothing here makes are left out. */
export function toHistory(host: string, range: { from: number; to: number }, page: HistoryPage): HostHistory {
  return {
    host,
    from: new Date(range.from).toISOString(),
    to: new Date(range.to).toISOString(),
    step_s: page.stepMs / 1000,
    times: page.times.map((at) => new Date(at).toISOString()),
    ...(page.leftOut > 0 && { series_left_out: page.leftOut }),
    series: page.series.flatMap(({ series, mean, min, max }) => {
      const name = readSeriesName(series)
      return name === null ? [] : [{ ...name, mean, min, max }]
    }),
  }
}
