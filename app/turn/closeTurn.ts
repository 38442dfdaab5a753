import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { streamOf, type SessionStore } from '#app/session/SessionStore.ts'

export interface Closing {
  sessionId: string
  turn: string
  /** Only the turn's owner may close it. */
  owner: string
  reason: 'cancelled' | 'failed' | 'interrupted'
  /** Why a call without an end has none. */
  unfinished: string
  /** Ends of calls that are known but were not recorded yet, by call. */
  known?: ReadonlyMap<string, SessionDraft>
  /** What is said before the end. */
  last?: SessionDraft[]
}

const attempts = 20

/**
 * Ends a turn with a well-formed transcript: every open call gets an end, then `last`, then `turn_end`.
 * Does nothing when the turn has ended already or belongs to another replica.
 */
export async function closeTurn(log: EventLog, store: SessionStore, closing: Closing): Promise<void> {
  const { sessionId, turn, owner } = closing
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { state } = await store.fold(sessionId)
    const { activity } = state
    if (activity.state !== 'running' || activity.turn !== turn || activity.owner !== owner) return
    const { events, position } = await store.events(sessionId)
    const drafts = closingOf(events, closing)
    const result = await log.append(streamOf(sessionId), position, drafts)
    if (result.ok) return
  }
}

/** What ends a turn that stands as `events` say: an end for every open call, then `last`, then `turn_end`. */
export function closingOf(
  events: SessionEvent[],
  { turn, reason, unfinished, known, last = [] }: Omit<Closing, 'sessionId' | 'owner'>,
): SessionDraft[] {
  const ends = openCalls(events, turn).map<SessionDraft>(
    ({ call }) =>
      known?.get(call) ?? {
        kind: 'tool_output',
        turn,
        call,
        exit_code: null,
        stdout: '',
        stderr: unfinished,
        truncated: false,
        duration_ms: 0,
        failed_leg: reason === 'cancelled' ? 'cancelled' : 'lost',
      },
  )
  return [...ends, ...last, { kind: 'turn_end', turn, reason }]
}

/** The turn's calls that were begun and have no recorded end. */
export function openCalls(events: SessionEvent[], turn: string): Extract<SessionEvent, { kind: 'tool' }>[] {
  const ended = new Set(events.flatMap((event) => (event.kind === 'tool_output' ? [event.call] : [])))
  return events.filter(
    (event): event is Extract<SessionEvent, { kind: 'tool' }> =>
      event.kind === 'tool' && event.turn === turn && !ended.has(event.call),
  )
}
