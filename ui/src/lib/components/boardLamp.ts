import type { Link } from '#ui/attach/Attachment.ts'
import type { Reach } from '#ui/state/Connection.svelte.ts'
import { linkLamp, reachLamp, type LampState } from './lampState.ts'

/** The lamp of a screen that follows the board: while the board is not attached, what it shows may be old. */
export function boardLamp(
  link: Link | undefined,
  reach: Reach,
  heardAt: number | null,
  now: number,
): LampState {
  if (link === undefined || link.state === 'attached' || link.state === 'connecting')
    return reachLamp(reach, heardAt, now)
  return linkLamp(link, reach, true, heardAt, now)
}
