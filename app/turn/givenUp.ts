import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import type { ContextRoom } from './contextRoom.ts'

const beginning = 'The conversation is too long for the model'

export interface TooLong {
  /** About how long it is, in tokens. */
  size: number
  /** What the model reads by its configuration, in tokens. */
  contextTokens: number
  /** The model itself has said so. */
  refused: boolean
  room: ContextRoom
}

/** Told to the operator when nothing can be shortened any more; what the step has said so far counts no more. */
export function givenUpNotice(turn: string, { size, contextTokens, refused, room }: TooLong): SessionDraft {
  const most = refused ? 'which it refuses to read' : `and it reads ${contextTokens} (context_tokens)`
  const why = room.tooSmall
    ? `Its instructions and tools alone have about ${room.fixed}.`
    : 'Nothing more can be left out.'
  const text = `${beginning}: about ${size} tokens, ${most}. ${why} The runbook goes on.`
  return { kind: 'notice', turn, level: 'crit', text, again: true }
}

/** Whether the runbook has taken the turn over because of that. `events` are the turn's. */
export function isGivenUp(events: readonly SessionEvent[]): boolean {
  return events.some((event) => event.kind === 'notice' && event.text.startsWith(beginning))
}
