import { isRecord } from './readJson.ts'
import { readNumber } from './readNumber.ts'

/** A figure as these tools write it: 72, "72.0", {"value": 72, "unit": "W"}; "N/A" and all else is null. */
export function jsonFigure(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'string') return readNumber(value)
  return isRecord(value) && 'value' in value && !isRecord(value.value) ? jsonFigure(value.value) : null
}

/** The first of these that is a figure. */
export function firstFigure(record: unknown, ...keys: string[]): number | null {
  if (!isRecord(record)) return null
  for (const key of keys) {
    const figure = jsonFigure(record[key])
    if (figure !== null) return figure
  }
  return null
}

/** The same for what cannot be below 0. */
export function firstAmount(record: unknown, ...keys: string[]): number | null {
  const figure = firstFigure(record, ...keys)
  return figure !== null && figure < 0 ? null : figure
}

/** The first of these that is a word, and not the tool's word for none. */
export function firstText(record: Record<string, unknown>, ...keys: string[]): string | null {
  for (const key of keys) {
    const value = record[key]
    if (typeof value === 'string' && !['', 'N/A', 'unknown'].includes(value.trim()))
      return value.trim().slice(0, 200)
  }
  return null
}
