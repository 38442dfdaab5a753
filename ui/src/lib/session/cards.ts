import type { SessionEventOf } from '#app/schema/events.ts'
import { changeCall } from './calls.ts'
import type { Approval, Block, Question, Transcript, Turn } from './transcript.ts'

/** Tools whose call is the question that its card shows. */
const askingTools = ['ask_clarification', 'confirm_action']

export function addApproval(blocks: Block[], event: SessionEventOf<'approval'>): Block[] {
  const { approval, call, action, target, why, risk, undo = null, expires } = event
  const card: Approval = {
    ...{ type: 'approval', key: event.id, state: { state: 'pending' } },
    ...{ approval, call, action, target, why, risk, undo, expires },
  }
  return [...changeCall(blocks, call, (one) => ({ ...one, state: 'waiting' })), card]
}

/** The first decision holds, here as on the server. */
export function withDecision(blocks: Block[], event: SessionEventOf<'decision'>): Block[] {
  const card = blocks.find(
    (block): block is Approval =>
      block.type === 'approval' && block.approval === event.approval && block.state.state === 'pending',
  )
  if (card === undefined) return blocks
  const { decision, by, at, reason = null } = event
  const decided: Approval = { ...card, state: { state: 'decided', decision, by, at, reason } }
  return changeCall(
    blocks.map((block) => (block === card ? decided : block)),
    card.call,
    (call) => ({ ...call, state: 'running', denied: decision === 'deny', startedAt: event.at }),
  )
}

/** The card stands in place of the call that asks. */
export function addQuestion(blocks: Block[], event: SessionEventOf<'question'>): Block[] {
  const { question, text, options = [] } = event
  const card: Question = {
    type: 'question',
    key: event.id,
    question,
    text,
    options,
    state: { state: 'pending' },
  }
  const last = blocks.findLast((block) => block.type === 'calls')
  const call = last?.calls.find(({ name, state }) => askingTools.includes(name) && state !== 'ended')
  if (last === undefined || call === undefined) return [...blocks, card]
  const calls = last.calls.filter((one) => one !== call)
  const rest = blocks.flatMap((block) => {
    if (block !== last) return [block]
    return calls.length === 0 ? [] : [{ ...last, calls }]
  })
  return [...rest, card]
}

export function withAnswer(blocks: Block[], event: SessionEventOf<'answer'>): Block[] {
  const { question, text, by, at } = event
  return blocks.map((block) =>
    block.type === 'question' && block.question === question && block.state.state === 'pending'
      ? { ...block, state: { state: 'answered', text, by, at } }
      : block,
  )
}

/** Nobody waits any more: for the approvals of one call, or for anything at all. */
export function closeCards(blocks: Block[], call?: string): Block[] {
  return blocks.map((block) => {
    if (block.type !== 'approval' && block.type !== 'question') return block
    if (block.state.state !== 'pending') return block
    if (call !== undefined && (block.type !== 'approval' || block.call !== call)) return block
    return { ...block, state: { state: 'closed' } }
  })
}

/** The cards that wait for an operator now, oldest first. */
export function pendingCards({ turns }: Pick<Transcript, 'turns'>): (Approval | Question)[] {
  return turns.at(-1)?.blocks.filter(isPending) ?? []
}

function isPending(block: Turn['blocks'][number]): block is Approval | Question {
  return (block.type === 'approval' || block.type === 'question') && block.state.state === 'pending'
}
