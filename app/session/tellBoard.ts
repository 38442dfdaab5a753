import type { Board, BoardEvent } from '#app/eventlog/Board.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { PendingApproval } from '#app/schema/api.ts'
import type { SessionState } from './evolve.ts'
import { toSession } from './sessionList.ts'
import type { SessionStore } from './SessionStore.ts'

/** Where approvals that wait are looked for: an approval lives ten minutes, and was the last event of its session. */
const lookedThrough = { ms: 30 * 60_000, sessions: 200, atOnce: 20 }

/** Tells the board the session as its log has it when the board is written, and the approval that waits in it then. */
export function tellBoard(
  store: SessionStore,
  sessionId: string,
  { tell }: Pick<Board, 'tell'>,
  now: () => Date = () => new Date(),
): void {
  tell(sessionId, async () => {
    const { state } = await store.fold(sessionId)
    if (state.head === 0) return []
    const told: BoardEvent[] = [{ kind: 'session_update', data: toSession(state) }]
    const pending = pendingOf(state, now())
    if (pending !== null) told.push({ kind: 'approval_pending', data: pending })
    return told
  })
}

/** Approvals that wait for a decision, in the sessions that changed last. */
export async function pendingApprovals(
  log: EventLog,
  store: SessionStore,
  now: () => Date = () => new Date(),
): Promise<PendingApproval[]> {
  const since = new Date(now().getTime() - lookedThrough.ms).toISOString()
  const found: PendingApproval[] = []
  let before: string | undefined
  for (let left = lookedThrough.sessions; left > 0;) {
    const streams = await log.streams('session:', lookedThrough.atOnce, before)
    const recent = streams.filter(({ updated }) => updated >= since).slice(0, left)
    const folds = await Promise.all(recent.map(({ stream }) => store.fold(stream.slice('session:'.length))))
    const pending = folds.map(({ state }) => pendingOf(state, now()))
    found.push(...pending.filter((one) => one !== null))
    if (recent.length < lookedThrough.atOnce) break
    left -= recent.length
    before = recent.at(-1)?.updated
  }
  return found
}

function pendingOf(
  { sessionId, title, pendingApproval, approvals }: SessionState,
  now: Date,
): PendingApproval | null {
  const asked = pendingApproval === null ? undefined : approvals.get(pendingApproval)
  if (pendingApproval === null || asked?.state !== 'pending' || now.toISOString() > asked.expires) return null
  return { session_id: sessionId, title, approval: pendingApproval, ...asked.card, expires: asked.expires }
}
