import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Logger } from '#app/logger.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import type { SessionStore } from '#app/session/SessionStore.ts'
import type { Registry } from '#app/tool/registry.ts'
import type { Budget } from './Budget.ts'
import type { OutputCapture } from './OutputCapture.ts'

/** An agent as a turn needs it. */
export interface TurnAgent {
  /** The model's instructions, the same for the whole session. */
  system: string
  /** Tools by name. */
  tools: readonly string[]
  /** Names of the targets that it works on; absent: all. */
  targets?: readonly string[] | undefined
}

/** A change to a machine, for the audit: about to begin, or how it ended. */
export interface Change extends TurnTask {
  outcome: 'started' | 'done' | 'failed' | 'unknown' | 'refused'
  tool: string
  action: string
  target: string
  /** Who started the turn. */
  operator: string
  approved?: { approval: string; by: string }
}

export interface TurnDeps {
  log: EventLog
  store: SessionStore
  /** The provider for a session's choice of model, with all that it falls back to. */
  providerOf: (model: string) => PooledProvider
  agentOf: (name: string) => TurnAgent
  /** What a model is asked for a preset. */
  presetPrompt: (preset: string) => string | undefined
  tools: Registry
  budget: Budget
  /** Takes the output of one call; `onProgress` gets what came lately while it runs. */
  capture: (sessionId: string, call: string, onProgress: (text: string) => void) => OutputCapture
  /** A card was shown, decided or answered, or the turn has ended. */
  onWaiting: (sessionId: string) => void
  onChange: (change: Change) => void
  /** This process is on its way out: nothing is changed any more, and no operator waited for. */
  draining: () => boolean
  replica: string
  now: () => Date
  logger: Logger
}

export interface TurnTask {
  sessionId: string
  turn: string
}
