import type { PendingApproval, Session } from '#app/schema/api.ts'

/** Something in a session that waits for an operator. */
export interface Waiting {
  sessionId: string
  title: string
  /** An approval that is not listed yet is null. */
  what: { type: 'approval'; approval: PendingApproval | null } | { type: 'question' }
}

/** What waits in all sessions: approvals first, the one that expires soonest on top. */
export function waitingIn(sessions: Session[], approvals: PendingApproval[]): Waiting[] {
  const listed = approvals
    .toSorted((a, b) => a.expires.localeCompare(b.expires))
    .map((approval): Waiting => {
      const { session_id: sessionId, title } = approval
      return { sessionId, title, what: { type: 'approval', approval } }
    })
  const others = sessions.flatMap((session): Waiting[] => {
    const { session_id: sessionId, title, pending_approval, pending_question } = session
    if (listed.some((one) => one.sessionId === sessionId)) return []
    if (pending_approval !== undefined)
      return [{ sessionId, title, what: { type: 'approval', approval: null } }]
    return pending_question === undefined ? [] : [{ sessionId, title, what: { type: 'question' } }]
  })
  return [...listed, ...others]
}

/** What waits, in a sentence for a screen reader; '' when nothing does. `here` is the session that is looked at. */
export function sayWaiting(waiting: Waiting[], here?: string): string {
  const [first] = waiting
  if (first === undefined) return ''
  if (waiting.length > 1) {
    const part = waiting.some(({ sessionId }) => sessionId === here) ? ', one of them in this session' : ''
    return `${waiting.length} things wait for you${part}.`
  }
  const { what, title } = first
  if (what.type === 'question') return `A question waits for you in “${title}”.`
  if (what.approval === null) return `An approval waits for you in “${title}”.`
  return `An approval waits for you in “${title}”, for ${what.approval.target}.`
}
