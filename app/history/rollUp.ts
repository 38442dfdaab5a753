import { encodeCoarse, eachCell, type Cell } from './rowCodec.ts'
import type { Row } from './RowStore.ts'

/**
 * Rows of a tier from those of the finer one: for each step that has any, the mean of the means (so that each finer
 * step counts alike, however often it was polled), the least and the most.
 */
export function rollUp(rows: Row[], raw: boolean, stepMs: number): Row[] {
  const steps = new Map<number, Map<number, Cell & { count: number }>>()
  for (const { at, data } of rows) {
    const begin = Math.floor(at / stepMs) * stepMs
    const into = steps.get(begin) ?? new Map<number, Cell & { count: number }>()
    steps.set(begin, into)
    eachCell(data, raw, (id, mean, min, max) => {
      const cell = into.get(id)
      if (!cell) {
        into.set(id, { id, mean, min, max, count: 1 })
        return
      }
      cell.count += 1
      cell.mean += (mean - cell.mean) / cell.count
      if (min < cell.min) cell.min = min
      if (max > cell.max) cell.max = max
    })
  }
  return [...steps].map(([at, cells]) => ({ at, data: encodeCoarse([...cells.values()]) }))
}
