import type { Level } from '#app/schema/events.ts'
import type { Threshold } from '#app/schema/preset.ts'

const rank = { ok: 0, warn: 1, crit: 2 } as const

export function levelOf(value: number, { warn, crit }: Threshold): Level {
  if (value >= crit) return 'crit'
  return value >= warn ? 'warn' : 'ok'
}

/** Below zero when `a` is worse than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return rank[b] - rank[a]
}

/** The calmer of two: for what is trouble only when both figures say so. */
export function lowerLevel(a: Level, b: Level): Level {
  return rank[a] < rank[b] ? a : b
}
