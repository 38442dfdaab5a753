import type { SessionDraft, SessionEventOf } from '#app/schema/events.ts'
import type { Deadline } from './Deadline.ts'
import type { TurnAgent, TurnTask } from './TurnDeps.ts'
import type { TurnLog } from './TurnLog.ts'

export interface StepsTask extends TurnTask {
  turnLog: TurnLog
  /** Filled with the end of each call as it is known, recorded or not. */
  known: Map<string, SessionDraft>
  deadline: Deadline
  signal: AbortSignal
}

/** What a turn was begun with. */
export interface TurnSetting {
  begun: SessionEventOf<'user'>
  session: SessionEventOf<'session'>
  agent: TurnAgent
}
