import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
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

/** What an operator is shown of an approval. */
export type Card = Pick<SessionEventOf<'approval'>, 'action' | 'target' | 'why' | 'risk' | 'undo'>

/** `closed`: its call has ended, or its turn, without a decision. Only one that is pending keeps its card. */
export type ApprovalState = { call: string; expires: string } & (
  | { state: 'pending'; card: Card }
  | { state: 'closed' }
  | { state: 'decided'; decision: 'approve' | 'deny'; by: string }
)

/** What is true of a session now: the fold of its log. */
export interface SessionState {
  sessionId: string
  title: string
  agent: string
  model: string
  target: string
  activity: Activity
  pendingApproval: string | null
  pendingQuestion: string | null
  /** The newest approvals by id, with what became of them. */
  approvals: ReadonlyMap<string, ApprovalState>
  /** The newest questions by id; true once they are answered or moot. */
  questions: ReadonlyMap<string, boolean>
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
const cardsKept = 200
const titleLength = 60

export const emptySession: SessionState = {
  sessionId: '',
  title: 'New session',
  agent: '',
  model: '',
  target: '',
  activity: { state: 'idle' },
  pendingApproval: null,
  pendingQuestion: null,
  approvals: new Map(),
  questions: new Map(),
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
      return { ...closeCards(next), activity: { ...activity, cancelledBy: event.by } }
    case 'turn_end':
      return {
        ...closeCards(next),
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
    case 'approval': {
      const { approval, call, expires, action, target, why, risk, undo } = event
      const card = { action, target, why, risk, ...(undo === undefined ? {} : { undo }) }
      const approvals = withCard(state.approvals, approval, { call, expires, state: 'pending', card })
      return { ...next, pendingApproval: approval, approvals }
    }
    case 'decision': {
      const asked = state.approvals.get(event.approval)
      if (asked?.state !== 'pending') return next
      const { call, expires } = asked
      const { decision, by } = event
      const decided: ApprovalState = { call, expires, state: 'decided', decision, by }
      return {
        ...next,
        pendingApproval: null,
        approvals: withCard(state.approvals, event.approval, decided),
      }
    }
    case 'question':
      return {
        ...next,
        pendingQuestion: event.question,
        questions: withCard(state.questions, event.question, false),
      }
    case 'answer':
      return closeQuestion(next, event.question)
    case 'tool_output': {
      // A question bears its call's id: with the call over, nobody waits for an answer.
      const asked = state.questions.get(event.call) === false
      const after = asked ? closeQuestion(next, event.call) : next
      const approvals = closeApprovals(state.approvals, (approval) => approval.call === event.call)
      return approvals === state.approvals ? after : { ...after, approvals, pendingApproval: null }
    }
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
    case 'error':
    case 'notice':
    case 'finding':
    case 'nudge':
    case 'started':
    case 'progress':
    case 'compaction':
      return next
    default:
      // A kind of a later version: it may stand in a log that this version reads.
      event satisfies never
      return next
  }
}

/** The turn waits for nobody any more: what was not decided or answered never will be. */
function closeCards(state: SessionState): SessionState {
  if (state.pendingApproval === null && state.pendingQuestion === null) return state
  return {
    ...state,
    pendingApproval: null,
    pendingQuestion: null,
    approvals: closeApprovals(state.approvals, () => true),
    questions: new Map([...state.questions.keys()].map((question) => [question, true])),
  }
}

function closeQuestion(state: SessionState, question: string): SessionState {
  const questions = withCard(state.questions, question, true)
  return { ...state, questions, pendingQuestion: firstOpen(questions) }
}

function closeApprovals(
  approvals: SessionState['approvals'],
  which: (approval: ApprovalState) => boolean,
): SessionState['approvals'] {
  const open = [...approvals].filter(([, approval]) => approval.state === 'pending' && which(approval))
  if (open.length === 0) return approvals
  const closed = open.map(([id, { call, expires }]) => [id, { call, expires, state: 'closed' }] as const)
  return new Map<string, ApprovalState>([...approvals, ...closed])
}

function withCard<T>(cards: ReadonlyMap<string, T>, id: string, card: T): ReadonlyMap<string, T> {
  return new Map([...cards, [id, card] as const].slice(-cardsKept))
}

function firstOpen(questions: ReadonlyMap<string, boolean>): string | null {
  return [...questions].find(([, answered]) => !answered)?.[0] ?? null
}

function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n', 1)[0]?.trim() ?? ''
  if (line === '') return emptySession.title
  return line.length <= titleLength ? line : `${line.slice(0, titleLength - 1).trimEnd()}…`
}
