import type { Position } from '#ui/attach/position.ts'
import type { LogEvent } from '#ui/attach/readMessage.ts'
import { recallValue, remember, rememberValue } from '#ui/state/storage.ts'

const name = 'log.1'
/** About half a million characters: a browser gives an origin five million. */
const most = 500_000

export interface StoredLog {
  sessionId: string
  position: Position
  events: LogEvent[]
}

/** The log of the session that was looked at last, so that it can be read without a connection. */
export function recallLog(sessionId: string): (StoredLog & { at: number }) | null {
  const known = recallValue<StoredLog>(name)
  return known?.value.sessionId === sessionId ? { ...known.value, at: known.at } : null
}

/** A log that is too long is not kept: half of it would look like all of it. */
export function rememberLog(log: StoredLog, now: number): void {
  let length = 0
  const tooLong = log.events.some((event) => (length += JSON.stringify(event).length) > most)
  if (tooLong) remember(name, null)
  else rememberValue(name, log, now)
}
