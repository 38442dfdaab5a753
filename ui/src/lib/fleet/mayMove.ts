const settledMs = 4_000
const leftMs = 30_000
const topPx = 120

/**
 * Whether cards may change places: at the top when nothing was touched for a moment, and anywhere when nobody has
 * touched anything for long. Never under a finger.
 */
export function mayMove(touchedAt: number, scrolledPx: number, now: number): boolean {
  const idle = now - touchedAt
  return idle >= leftMs || (scrolledPx < topPx && idle >= settledMs)
}
