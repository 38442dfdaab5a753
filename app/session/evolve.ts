import type { SessionEvent } from '#app/schema/events.ts'
import { ownerOfTurn } from './turnId.ts'

/** What a session is doing. `owner` is the replica that runs the turn, `cancelledBy` who asked it to stop. */
export type Activity =
  | { state: 'idle' }
  | { state: 'running'; turn: string; owner: string; takeovers: number; cancelledBy?: string }
  | { state: 'archived' }

export interface UsageTotals {
  input_tokens: number
  output_tokens: number
  cached_tokens: number
  cost: number | null
}

/** What is true of a session now: the fold of its log. */
export interface SessionState {
  sessionId: string
  title: string
  agent: string
  model: string
  target: string
  activity: Activity
  pendingApproval: string | null
  usage: UsageTotals
  /** The last seq that was folded. */
  head: number
  updated: string
  /** The newest turns, oldest first: a repeated idempotency key finds its turn here. */
  recentTurns: string[]
  /** The last turn's closing words, if it had any. */
  lastResult: { turn: string; result: string; isError: boolean } | null
  /** How the last turn that ended did so. */
  lastEnd: { turn: string; reason: string } | null
}

const recentTurnsKept = 100
const titleLength = 60

export const emptySession: SessionState = {
  sessionId: '',
  title: 'New session',
  agent: '',
  model: '',
  target: '',
  activity: { state: 'idle' },
  pendingApproval: null,
  usage: { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost: null },
  head: 0,
  updated: new Date(0).toISOString(),
  recentTurns: [],
  lastResult: null,
  lastEnd: null,
}

/** Folds one event into the state. Pure; kinds that say nothing about the state only move the head. */
export function evolve(state: SessionState, event: SessionEvent): SessionState {
  const next = { ...state, head: event.id, updated: event.at }
  const { activity } = state
  switch (event.kind) {
    case 'session':
      return {
        ...next,
        sessionId: event.session_id,
        agent: event.agent,
        model: event.model,
        target: event.target,
      }
    case 'user': {
      const turn = event.turn ?? ''
      return {
        ...next,
        title: state.title === emptySession.title ? titleOf(event.text) : state.title,
        activity: { state: 'running', turn, owner: ownerOfTurn(turn), takeovers: 0 },
        recentTurns: [...state.recentTurns, turn].slice(-recentTurnsKept),
      }
    }
    case 'takeover':
      if (activity.state !== 'running') return next
      return { ...next, activity: { ...activity, owner: event.to, takeovers: activity.takeovers + 1 } }
    case 'cancelled':
      if (activity.state !== 'running') return next
      return { ...next, pendingApproval: null, activity: { ...activity, cancelledBy: event.by } }
    case 'turn_end':
      return {
        ...next,
        pendingApproval: null,
        activity: { state: 'idle' },
        lastEnd: { turn: event.turn ?? '', reason: event.reason },
      }
    case 'archived':
      return { ...next, activity: { state: 'archived' } }
    case 'result':
      return {
        ...next,
        lastResult: { turn: event.turn ?? '', result: event.result, isError: event.is_error },
      }
    case 'approval':
      return { ...next, pendingApproval: event.approval }
    case 'decision':
      return { ...next, pendingApproval: null }
    case 'usage':
      return {
        ...next,
        usage: {
          input_tokens: state.usage.input_tokens + event.input_tokens,
          output_tokens: state.usage.output_tokens + event.output_tokens,
          cached_tokens: state.usage.cached_tokens + event.cached_tokens,
          cost: event.cost === undefined ? state.usage.cost : (state.usage.cost ?? 0) + event.cost,
        },
      }
    case 'text':
    case 'tool':
    case 'tool_output':
    case 'error':
    case 'notice':
    case 'question':
    case 'answer':
    case 'finding':
      return next
    default:
      // A kind of a later version: it may stand in a log that this version reads.
      event satisfies never
      return next
  }
}

function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n', 1)[0]?.trim() ?? ''
  if (line === '') return emptySession.title
  return line.length <= titleLength ? line : `${line.slice(0, titleLength - 1).trimEnd()}…`
}
