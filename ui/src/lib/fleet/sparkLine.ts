import type { Level } from './figures.ts'

/** The box that a line is drawn in. */
export const width = 300
export const height = 36
/** Half a line's thickness, so that it is not cut off. */
const margin = 2

export interface SparkPart {
  level: Level
  d: string
}

/**
 * A line over time as SVG paths: where nothing is known it is interrupted, and each stretch has the level of its
 * values. `top` is the value at the upper edge, 0 the one at the lower.
 */
export function sparkLine(
  values: (number | null)[],
  top: number,
  levelOf: (value: number) => Level,
): SparkPart[] {
  const parts: SparkPart[] = []
  const steps = Math.max(1, values.length - 1)
  const place = (value: number, at: number): string => {
    const x = (at / steps) * width
    const y = height - margin - Math.min(1, Math.max(0, value / (top || 1))) * (height - 2 * margin)
    return `${round(x)} ${round(y)}`
  }
  values.forEach((value, at) => {
    if (value === null) return
    const before = values[at - 1] ?? null
    const level = levelOf(value)
    const last = parts.at(-1)
    // A point alone is a dot: a line of no length with round ends.
    if (before === null) parts.push({ level, d: `M${place(value, at)}h0` })
    else if (last?.level === level) last.d += `L${place(value, at)}`
    else parts.push({ level, d: `M${place(before, at - 1)}L${place(value, at)}` })
  })
  return parts
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

export interface Extent {
  min: number
  max: number
  /** The newest mean, or the one before while that is not complete; null when neither is known. */
  last: number | null
}

/** Null when nothing is known at all. */
export function extentOf(
  mean: (number | null)[],
  min: (number | null)[],
  max: (number | null)[],
): Extent | null {
  const low = min.filter((value) => value !== null)
  const high = max.filter((value) => value !== null)
  if (low.length === 0 || high.length === 0) return null
  return { min: Math.min(...low), max: Math.max(...high), last: mean.at(-1) ?? mean.at(-2) ?? null }
}
