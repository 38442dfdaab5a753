const firstMs = 500
const longestMs = 15_000

/**
 * How long to wait before try number `attempt` (0 is the first repeat), in ms: doubling, capped, and spread over
 * its upper half so that many clients do not come back at once. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 10))
  return full / 2 + (full / 2) * random
}
