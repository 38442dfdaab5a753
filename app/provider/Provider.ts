import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'

/** Why a provider failed; the failover wrapper decides by it. */
export type FailureKind = 'auth' | 'rate_limit' | 'overload' | 'network' | 'context' | 'invalid' | 'cancelled'

type Fields<K extends SessionEvent['kind']> = Omit<SessionEventOf<K>, 'kind' | 'id' | 'at' | 'turn'>

export type Part =
  | { type: 'text'; text: string }
  | ({ type: 'tool' } & Fields<'tool'>)
  | ({ type: 'finding' } & Fields<'finding'>)
  | ({ type: 'notice' } & Fields<'notice'>)
  | ({ type: 'usage' } & Fields<'usage'>)
  /** The step's end: `tools` when calls wait to be run, `stop` when the turn is done. `isError` marks a turn that could not do its work. */
  | { type: 'end'; reason: 'tools' | 'stop'; isError?: boolean }
  | { type: 'failure'; kind: FailureKind; message: string }

export interface StepRequest {
  agent: string
  target: string
  /** The preset that the operator tapped, if any. */
  preset?: string
  /** The operator's words that began this turn. */
  prompt: string
  /** All events of the session so far, folded order; this turn's begin with its `user` event. */
  events: SessionEvent[]
  turn: string
  signal: AbortSignal
}

/**
 * One step of an agent. The stream never throws and always ends in `end` or `failure`; it holds no state
 * between steps: everything it knows it reads from `events`.
 */
export interface Provider {
  name: string
  model: string
  step(request: StepRequest): AsyncIterable<Part>
}
