import { AppError } from '#app/errors.ts'
import type { Position } from '#app/eventlog/EventLog.ts'

/** A position as a client gave it; without `epoch` it means the present one. */
export interface AskedPosition {
  epoch?: string
  seq: number
}

/** Where a client goes on; `reset` says, in a sentence, why its own position could not be honoured. */
export interface PlacedPosition {
  seq: number
  reset?: string
}

export const resetReasons = {
  epoch: 'This position belongs to an earlier epoch of the log.',
  ahead: 'This position lies beyond the end of the log: the storage lost what came before it.',
  trimmed: (upTo: number) => `Events up to ${upTo} were trimmed.`,
} as const

const pattern = /^(?:([A-Za-z0-9_-]{1,64})\.)?(\d{1,15})$/

/**
 * Parses what a client may give: `Last-Event-ID` and `?after=`, each `<epoch>.<seq>` or a bare seq. Absent and
 * empty values count as not given; anything malformed is a `bad_request`.
 */
export function readPositions(...given: unknown[]): AskedPosition[] {
  return given.flatMap((value) => {
    if (value === undefined || value === '') return []
    const match = typeof value === 'string' ? pattern.exec(value) : null
    if (match === null) throw new AppError('bad_request', 'A position is `<epoch>.<seq>` or a seq.')
    const seq = Number(match[2])
    return match[1] === undefined ? [{ seq }] : [{ epoch: match[1], seq }]
  })
}

/**
 * Decides where to begin in the present log. Of several positions in its epoch the largest counts. One that
 * names another epoch, or lies above the head, leads back to the beginning and is told so.
 */
export function placePosition(asked: AskedPosition[], present: Position): PlacedPosition {
  if (asked.length === 0) return { seq: 0 }
  const inEpoch = asked.filter(({ epoch }) => epoch === undefined || epoch === present.epoch)
  if (inEpoch.length === 0) return { seq: 0, reset: resetReasons.epoch }
  const seq = Math.max(...inEpoch.map((position) => position.seq))
  return seq > present.seq ? { seq: 0, reset: resetReasons.ahead } : { seq }
}
