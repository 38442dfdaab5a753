const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** One step of the ladder: every poll, or a value for each `stepMs`; kept for `keepMs`. */
export interface Tier {
  /** 0: as they came. */
  stepMs: number
  keepMs: number
}

/** As in the configuration. */
export interface LadderLengths {
  raw_h: number
  minutes_h: number
  ten_minutes_d: number
  hours_d: number
}

const defaultLengths: LadderLengths = { raw_h: 2, minutes_h: 24, ten_minutes_d: 7, hours_d: 90 }

/** From fine to coarse. A step is kept at least until the next coarser one is made of it. */
export function createLadder(lengths: Partial<LadderLengths> = {}): Tier[] {
  const { raw_h, minutes_h, ten_minutes_d, hours_d } = { ...defaultLengths, ...lengths }
  return [
    { stepMs: 0, keepMs: Math.max(raw_h * hour, 15 * minute) },
    { stepMs: minute, keepMs: Math.max(minutes_h * hour, hour) },
    { stepMs: 10 * minute, keepMs: Math.max(ten_minutes_d * day, 6 * hour) },
    { stepMs: hour, keepMs: Math.max(hours_d * day, day) },
  ]
}

/**
 * "The last 24 hours" were asked for some time ago, by a clock that may be another: a range that begins so much too
 * early is still one of the finer tier, instead of one of much coarser steps.
 */
const toleranceMs = 2 * minute

/** The finest tier that still has all since `from`, or nearly, else the coarsest. */
export function tierFor(ladder: Tier[], from: number, now: number): number {
  const found = ladder.findIndex(({ keepMs }) => from >= now - keepMs - toleranceMs)
  return found === -1 ? ladder.length - 1 : found
}

/** The names of series have a tier of their own: which ones were there in each of these weeks. */
export const namesTier = 4
export const namesPeriodMs = 7 * day
