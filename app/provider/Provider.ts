import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'

/**
 * Why a provider failed; the failover wrapper decides by it. `auth`: key refused (401, 403). `rate_limit`: 429.
 * `overload`: 500, 502, 503, 529 and the like. `network`: no connection, a stream that broke off, ended without a
 * finish reason or was silent for too long. `context`: the conversation is too long for the model. `invalid`: the
 * request or the answer makes no sense to one of the two. `cancelled`: our own `signal`.
 */
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
  /** `retryAfterMs` is what the far side asked for. The message is a sentence for the operator, without a secret. */
  | { type: 'failure'; kind: FailureKind; message: string; retryAfterMs?: number }

/** One message of the conversation as a model sees it, in no provider's own form. Roles alternate as in `toMessages`. */
export type Message =
  | { role: 'user'; text: string }
  /** What the model said in one step; `text` may be empty when there are calls. */
  | { role: 'assistant'; text: string; calls: ModelCall[] }
  /** What one call ended in. Follows the assistant message with that call; each call has exactly one. */
  | { role: 'tool'; call: string; name: string; text: string; isError: boolean }

export interface ModelCall {
  call: string
  name: string
  input: Record<string, unknown>
}

/** A tool as a model is told of it. `parameters` is a JSON Schema of an object. */
export interface ToolSpec {
  name: string
  description: string
  parameters: Record<string, unknown>
}

export interface StepRequest {
  sessionId: string
  turn: string
  agent: string
  target: string
  /** The preset that the operator tapped, if any. */
  preset?: string
  /** The operator's words that began this turn. */
  prompt: string
  /** All events of the session so far, folded order; this turn's begin with its `user` event. The runbook reads these. */
  events: SessionEvent[]
  /** The rest is what models read. `system` does not change within a session, so that it can be cached. */
  system: string
  messages: Message[]
  tools: ToolSpec[]
  /** The turn must come to its end: `tools` is empty, and no call will run. */
  concluding?: boolean
  signal: AbortSignal
}

/**
 * One step of an agent. The stream never throws and always ends in exactly one `end` or `failure`, with nothing
 * after it; it holds no state between steps. A model's `usage` comes behind its text and calls, right before its `end`
 * or `failure`, wherever counts are known: a step that failed or was cancelled is paid too. Calls get ids of our own
 * making, unique in the session, whatever the far side calls them.
 */
export interface Provider {
  /** The entry's name in the configuration. */
  name: string
  /** The model's id. */
  model: string
  step(request: StepRequest): AsyncIterable<Part>
}
