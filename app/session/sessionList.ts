import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Session } from '#app/schema/api.ts'
import type { SessionStore } from './SessionStore.ts'
import type { SessionState } from './evolve.ts'

/** A session as the API shows it. */
export function toSession({ activity, pendingApproval, ...state }: SessionState): Session {
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

/** How many sessions a search looks at, newest first. */
const searched = 1000
const chunk = 50

/** Sessions, most recently changed first; archived ones only where they are asked for. */
export async function listSessions(
  log: EventLog,
  store: SessionStore,
  options: ListOptions,
): Promise<Session[]> {
  const wanted = options.q?.toLowerCase() ?? ''
  const found: Session[] = []
  let before = options.after
  for (let looked = 0; looked < searched && found.length < options.limit; looked += chunk) {
    const streams = await log.streams('session:', chunk, before)
    const folds = await Promise.all(streams.map(({ stream }) => store.fold(stream.slice('session:'.length))))
    for (const { state } of folds) {
      const matches = `${state.title}\n${state.target}`.toLowerCase().includes(wanted)
      const shown = state.head > 0 && (state.activity.state === 'archived') === (options.archived ?? false)
      if (matches && shown && found.length < options.limit) found.push(toSession(state))
    }
    before = streams.at(-1)?.updated
    if (streams.length < chunk || before === undefined) break
  }
  return found
}
