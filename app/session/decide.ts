import type { ErrorCode } from '#app/errors.ts'
import type { ApprovalDecision } from '#app/schema/api.ts'
import type { SessionDraft } from '#app/schema/events.ts'
import type { SessionState } from './evolve.ts'
import { turnOfKey } from './turnId.ts'

export type Command =
  | { type: 'create'; sessionId: string; agent: string; model: string; target: string }
  | {
      type: 'prompt'
      text: string
      by: string
      turn: string
      preset?: string
      model?: string
      target?: string
      idempotencyKey?: string
    }
  | { type: 'cancel'; by: string }
  | { type: 'takeOver'; from: string; to: string; reason: string }
  | { type: 'archive'; by: string }
  | {
      type: 'decide'
      approval: string
      decision: ApprovalDecision
      by: string
      reason?: string
      now: Date
    }
  | { type: 'answer'; question: string; text: string; by: string }

/** What follows from a command: events to append (none: it already holds), or why it cannot be. */
export type Decision =
  | { events: SessionDraft[]; turn?: string }
  | {
      rejected: Extract<ErrorCode, 'busy' | 'archived' | 'not_found' | 'conflict' | 'decided' | 'expired'>
      why: string
      fields?: Record<string, unknown>
    }

/** Decides a command on what is true now. Pure: 404 and 409 come from here, appending is the caller's. */
export function decide(state: SessionState, command: Command): Decision {
  if (command.type === 'create') {
    if (state.head > 0) return { rejected: 'conflict', why: 'This session exists already.' }
    const { sessionId, agent, model, target } = command
    return { events: [{ kind: 'session', session_id: sessionId, agent, model, target }] }
  }
  if (state.head === 0) return { rejected: 'not_found', why: 'There is no such session.' }
  const { activity } = state
  switch (command.type) {
    case 'prompt': {
      const repeated =
        command.idempotencyKey === undefined
          ? undefined
          : turnOfKey(state.recentTurns, command.idempotencyKey)
      if (repeated !== undefined) return { events: [], turn: repeated }
      if (activity.state === 'archived') return { rejected: 'archived', why: 'This session is archived.' }
      if (activity.state === 'running') return { rejected: 'busy', why: 'A turn is running in this session.' }
      return { events: promptEvents(state, command), turn: command.turn }
    }
    case 'cancel':
      if (activity.state !== 'running' || activity.cancelledBy !== undefined) return { events: [] }
      return { events: [{ kind: 'cancelled', by: command.by, turn: activity.turn }] }
    case 'takeOver':
      if (activity.state !== 'running' || activity.owner !== command.from)
        return { rejected: 'conflict', why: 'The turn has ended, or another replica took it over.' }
      return {
        events: [
          {
            kind: 'takeover',
            from: command.from,
            to: command.to,
            reason: command.reason,
            turn: activity.turn,
          },
        ],
      }
    case 'archive':
      if (activity.state === 'archived') return { events: [] }
      if (activity.state === 'running')
        return { rejected: 'busy', why: 'A turn is running in this session: stop it before archiving.' }
      return { events: [{ kind: 'archived', by: command.by }] }
    case 'decide':
      return decideApproval(state, command)
    case 'answer': {
      const { question, text, by } = command
      const answered = state.questions.get(question)
      if (answered === undefined) return { rejected: 'not_found', why: 'There is no such question.' }
      if (answered || activity.state !== 'running')
        return { rejected: 'conflict', why: 'This question is answered, or nobody waits for it any more.' }
      return { events: [{ kind: 'answer', question, text, by, turn: activity.turn }] }
    }
  }
}

/** The first decision wins; the same one by the same operator again already holds. */
function decideApproval(state: SessionState, command: Extract<Command, { type: 'decide' }>): Decision {
  const { approval, decision, by, reason, now } = command
  const asked = state.approvals.get(approval)
  if (asked === undefined) return { rejected: 'not_found', why: 'There is no such approval.' }
  if (asked.state === 'decided') {
    if (asked.by === by && asked.decision === decision) return { events: [] }
    const word = asked.decision === 'approve' ? 'approved' : 'denied'
    return {
      rejected: 'decided',
      why: `${asked.by} ${word} it first.`,
      fields: { by: asked.by, decision: asked.decision },
    }
  }
  const { activity } = state
  if (asked.state === 'closed' || activity.state !== 'running' || now.toISOString() > asked.expires)
    return { rejected: 'expired', why: 'This approval has expired: nothing was run, and nothing will be.' }
  return {
    events: [
      {
        ...{ kind: 'decision', approval, decision, by, turn: activity.turn },
        ...(reason === undefined ? {} : { reason }),
      },
    ],
  }
}

function promptEvents(state: SessionState, command: Extract<Command, { type: 'prompt' }>): SessionDraft[] {
  const model = command.model ?? state.model
  const target = command.target ?? state.target
  const user: SessionDraft = {
    kind: 'user',
    text: command.text,
    by: command.by,
    turn: command.turn,
    ...(command.preset === undefined ? {} : { preset: command.preset }),
  }
  if (model === state.model && target === state.target) return [user]
  return [{ kind: 'session', session_id: state.sessionId, agent: state.agent, model, target }, user]
}
