import type { PendingApproval, Session } from '#app/schema/api.ts'

/** The list with a session as it is now, most recently changed first. An older state than the known one is no news. */
export function withSession(sessions: Session[], session: Session): Session[] {
  const known = sessions.find((one) => one.session_id === session.session_id)
  if (known !== undefined && known.head > session.head) return sessions
  const others = sessions.filter((one) => one !== known)
  if (session.state === 'archived') return others
  const at = others.findIndex((one) => one.updated <= session.updated)
  return at === -1 ? [...others, session] : others.toSpliced(at, 0, session)
}

/** The approvals that still wait, as a session's state tells. */
export function withoutDecided(approvals: PendingApproval[], session: Session): PendingApproval[] {
  return approvals.filter(
    (one) => one.session_id !== session.session_id || one.approval === session.pending_approval,
  )
}

/** The approvals with one that waits now. */
export function withApproval(approvals: PendingApproval[], approval: PendingApproval): PendingApproval[] {
  return [...approvals.filter((one) => one.session_id !== approval.session_id), approval]
}

/** Pages of a list as one: each session once, in the newest state that is known of it. `live` adds none. */
export function listed(pages: Session[], live: Session[]): Session[] {
  const known = new Map<string, Session>()
  const take = (session: Session): void => {
    const other = known.get(session.session_id)
    if (other === undefined || other.head < session.head) known.set(session.session_id, session)
  }
  for (const session of pages) take(session)
  for (const session of live) if (known.has(session.session_id)) take(session)
  return [...known.values()].toSorted((a, b) => b.updated.localeCompare(a.updated))
}
