import { createHash } from 'node:crypto'
import type { Figures } from './HistoryStore.ts'

/** One series in one row: a single figure, or what a step of the ladder says of it. */
export interface Cell {
  id: number
  mean: number
  min: number
  max: number
}

/** More than a machine has; beyond, a row would be without a bound. */
const maxCells = 1000
const idBytes = 6
const rawBytes = idBytes + 4
const coarseBytes = idBytes + 12

/**
 * The number that stands for a series in rows: 48 bits of a hash of its name, so that two replicas never give one
 * number to two series and need not agree.
 */
export function seriesId(name: string): number {
  return createHash('sha1').update(name).digest().readUIntBE(0, idBytes)
}

/** What one poll read. Figures are kept with 24 bits of precision. */
export function encodeRaw(figures: Figures, idOf: (name: string, metric?: string) => number | null): Buffer {
  const ids: number[] = []
  const values: number[] = []
  const add = (value: number | null | undefined, name: string, metric?: string): void => {
    if (typeof value !== 'number' || !Number.isFinite(value) || ids.length === maxCells) return
    const id = idOf(name, metric)
    if (id === null) return
    ids.push(id)
    values.push(value)
  }
  for (const name in figures) {
    const found = figures[name]
    if (typeof found === 'object' && found !== null)
      for (const metric in found) add(found[metric], name, metric)
    else add(found, name)
  }
  const data = Buffer.allocUnsafe(ids.length * rawBytes)
  for (let index = 0; index < ids.length; index += 1) {
    data.writeUIntBE(ids[index] ?? 0, index * rawBytes, idBytes)
    data.writeFloatBE(values[index] ?? 0, index * rawBytes + idBytes)
  }
  return data
}

export function encodeCoarse(cells: Cell[]): Buffer {
  const kept = cells.slice(0, maxCells)
  const data = Buffer.allocUnsafe(kept.length * coarseBytes)
  kept.forEach(({ id, mean, min, max }, index) => {
    const at = index * coarseBytes
    data.writeUIntBE(id, at, idBytes)
    data.writeFloatBE(mean, at + idBytes)
    data.writeFloatBE(min, at + idBytes + 4)
    data.writeFloatBE(max, at + idBytes + 8)
  })
  return data
}

/** Calls `each` for every series of a row. A row that was cut ends early. */
export function eachCell(
  data: Buffer,
  raw: boolean,
  each: (id: number, mean: number, min: number, max: number) => void,
): void {
  const size = raw ? rawBytes : coarseBytes
  for (let at = 0; at + size <= data.length; at += size) {
    const id = data.readUIntBE(at, idBytes)
    const mean = data.readFloatBE(at + idBytes)
    if (raw) each(id, mean, mean, mean)
    else each(id, mean, data.readFloatBE(at + idBytes + 4), data.readFloatBE(at + idBytes + 8))
  }
}

export function encodeNames(names: string[]): Buffer {
  return Buffer.from(JSON.stringify(names))
}

/** None from a row that cannot be read. */
export function decodeNames(data: Buffer): string[] {
  try {
    const found: unknown = JSON.parse(data.toString())
    return Array.isArray(found) ? found.filter((name) => typeof name === 'string') : []
  } catch {
    return []
  }
}
