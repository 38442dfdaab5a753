/** What decides how soon a host is polled again. Times in ms. */
export interface Pace {
  intervalMs: number
  watchedIntervalMs: number
  /** Somebody looks at it. */
  watched: boolean
  /** Polls in a row that did not reach it. */
  failures: number
}

/** How long one "somebody looks at it" holds. */
export const watchMs = 15_000
/** A host that fails is tried no more often than this, whoever asks. */
export const leastRetryMs = 5_000
/** Between the end of a poll and the next one of the same host. */
export const leastPauseMs = 500
const longestRestMs = 120_000
/** From so many failures on it is known to be away: one try now and then tells when it is back. */
const openAfter = 3

/**
 * From the beginning of one poll to that of the next. A host that fails rests twice as long each time; from the third
 * failure on, two minutes (or its interval, where that is longer). While somebody looks at it, it is tried all the same.
 */
export function pollInterval({ intervalMs, watchedIntervalMs, watched, failures }: Pace): number {
  const usual = watched ? Math.min(watchedIntervalMs, intervalMs) : intervalMs
  if (failures === 0) return usual
  if (watched) return Math.max(usual, leastRetryMs)
  const rest = failures >= openAfter ? longestRestMs : intervalMs * 2 ** (failures - 1)
  return Math.max(intervalMs, Math.min(longestRestMs, rest))
}

/** ±10 %, so that hosts do not fall into step. `random` in 0…1. */
export function withJitter(ms: number, random: number): number {
  return ms * (0.9 + 0.2 * random)
}

/** When the first poll of the `index`th host begins: a few at once, a thousand over some seconds. */
export function firstDelay(index: number): number {
  return index < 20 ? 0 : (index - 20) * 8
}
