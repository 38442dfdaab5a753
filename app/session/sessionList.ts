import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Session } from '#app/schema/api.ts'
import type { SessionStore } from './SessionStore.ts'
import type { SessionState } from './evolve.ts'

/** A session as the API shows it. */
export function toSession({ activity, pendingApproval, pendingQuestion, ...state }: SessionState): Session {
  return {
    session_id: state.sessionId,
    title: state.title,
    state: activity.state,
    agent: state.agent,
    model: state.model,
    target: state.target,
    head: state.head,
    updated: state.updated,
    ...(pendingApproval === null ? {} : { pending_approval: pendingApproval }),
    ...(pendingQuestion === null ? {} : { pending_question: pendingQuestion }),
    usage: state.usage,
  }
}

export interface ListOptions {
  /** Words that the title or the target must hold, any case. */
  q?: string | undefined
  /** Only sessions last changed before this time, ISO 8601: the next page. */
  after?: string | undefined
  archived?: boolean | undefined
  limit: number
}

const chunk = 50
/** How many sessions are looked at for one answer, newest first; more while nothing was found. */
const looked = { usual: 1000, most: 20_000 }

/** How long a session in which nothing was asked yet is listed: most are screens that were opened and left. */
const unusedMs = 60 * 60_000

/**
 * Sessions, most recently changed first; archived ones only where they are asked for, and those in which nothing
 * was ever asked only while they are new.
 */
export async function listSessions(
  log: EventLog,
  store: SessionStore,
  options: ListOptions,
  now: () => Date = () => new Date(),
): Promise<Session[]> {
  const newSince = new Date(now().getTime() - unusedMs).toISOString()
  const wanted = options.q?.toLowerCase() ?? ''
  const found: Session[] = []
  let before = options.after
  for (let count = 0; count < (found.length > 0 ? looked.usual : looked.most); count += chunk) {
    const streams = await log.streams('session:', chunk, before)
    for (const { stream, updated } of streams) {
      // The next page begins before this time, so sessions of one and the same time stay on one page.
      if (found.length >= options.limit && found.at(-1)?.updated !== updated) return found
      const { state } = await store.fold(stream.slice('session:'.length))
      const matches = `${state.title}\n${state.target}`.toLowerCase().includes(wanted)
      const isUsed = state.recentTurns.length > 0 || updated >= newSince
      const isAsked = (state.activity.state === 'archived') === (options.archived ?? false)
      const shown = state.head > 0 && isUsed && isAsked
      if (matches && shown) found.push({ ...toSession(state), updated })
    }
    before = streams.at(-1)?.updated
    if (streams.length < chunk || before === undefined) break
  }
  return found
}
