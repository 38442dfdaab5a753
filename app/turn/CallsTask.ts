import type { SessionDraft } from '#app/schema/events.ts'
import type { Deadline } from './Deadline.ts'
import type { TurnAgent, TurnTask } from './TurnDeps.ts'
import type { TurnLog } from './TurnLog.ts'

/** What the calls of a step have at hand. */
export interface CallsTask extends TurnTask {
  turnLog: TurnLog
  /** The operator who started the turn. */
  operator: string
  /** The session's target. */
  target: string
  /** What the agent may use at this moment. */
  hands: () => Pick<TurnAgent, 'tools' | 'targets'>
  /** Filled with each end as it is known, recorded or not. */
  known: Map<string, SessionDraft>
  deadline: Deadline
  signal: AbortSignal
}
