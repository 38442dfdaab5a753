import type { Board } from '#app/eventlog/Board.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { PendingApproval } from '#app/schema/api.ts'
import type { SessionEventOf } from '#app/schema/events.ts'
import type { SessionState } from './evolve.ts'
import { listSessions, toSession } from './sessionList.ts'
import type { SessionStore } from './SessionStore.ts'

/** How many sessions are looked through for approvals that wait: those that changed last. */
const lookedThrough = 200

/** Tells the board the session as it is now, and the approval that waits in it. */
export async function tellBoard(
  store: SessionStore,
  sessionId: string,
  { tell }: Pick<Board, 'tell'>,
): Promise<void> {
  const { state } = await store.fold(sessionId)
  if (state.head === 0) return
  tell('session_update', toSession(state))
  const pending = await pendingOf(store, state)
  if (pending !== null) tell('approval_pending', pending)
}

/** Approvals that wait for a decision, in the sessions that changed last. */
export async function pendingApprovals(log: EventLog, store: SessionStore): Promise<PendingApproval[]> {
  const sessions = await listSessions(log, store, { limit: lookedThrough })
  const waiting = sessions.filter((session) => session.pending_approval !== undefined)
  const found = await Promise.all(
    waiting.map(async (session) => pendingOf(store, (await store.fold(session.session_id)).state)),
  )
  return found.filter((one) => one !== null)
}

async function pendingOf(
  store: SessionStore,
  { sessionId, title, pendingApproval }: SessionState,
): Promise<PendingApproval | null> {
  if (pendingApproval === null) return null
  const { events } = await store.events(sessionId)
  const asked = events.findLast(
    (event): event is SessionEventOf<'approval'> =>
      event.kind === 'approval' && event.approval === pendingApproval,
  )
  if (asked === undefined) return null
  const { approval, action, target, why, risk, expires } = asked
  return { session_id: sessionId, title, approval, action, target, why, risk, expires }
}
