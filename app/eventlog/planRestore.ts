import type { EventLog, Position, StoredEvent } from './EventLog.ts'
import { parseFrames } from './frame.ts'
import { readSince } from './readSince.ts'
import type { Pending } from './Tail.ts'

export interface RestorePlan {
  /** What its writer knows to have been stored and is not there any more, in order. */
  missing: readonly Pending[]
  /** Appending `missing` gives exactly what was: the same events under the same numbers. */
  exact: boolean
  /** What others appended where events are missing. */
  foreign: StoredEvent[]
}

/**
 * What to write again after the storage came back with less than was acknowledged up to `position`. `recent` are the
 * newest events up to there. 'lost' when nothing is left that the stream could go on from.
 */
export async function planRestore(
  log: EventLog,
  stream: string,
  position: Position,
  found: { epoch: string; head: number },
  recent: readonly Pending[],
): Promise<RestorePlan | 'lost'> {
  if (found.head === 0) {
    return recent.length === position.seq ? { missing: recent, exact: true, foreign: [] } : 'lost'
  }
  if (found.epoch !== position.epoch) return 'lost'
  const firstKnown = position.seq - recent.length
  if (found.head <= firstKnown) {
    return { missing: recent, exact: found.head === firstKnown, foreign: [] }
  }
  const since = await readSince(log, stream, { epoch: found.epoch, seq: firstKnown })
  if (since === null) return 'lost'
  const stored = new Set(since.items.map((item) => item.frame))
  const known = new Set(recent.map((item) => item.frame))
  const missing = recent.filter((item) => !stored.has(item.frame))
  const foreign = since.items.filter((item) => !known.has(item.frame))
  const exact = foreign.length === 0 && found.head + missing.length === position.seq
  return { missing, exact, foreign: parseFrames(foreign.map((item) => item.frame).join('')) }
}
