import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { addApproval, addQuestion, closeCards, withAnswer, withDecision } from './cards.ts'
import { addCall, endOpenCalls, withChange, withOutput, withProgress } from './calls.ts'
import { addFinding } from './findings.ts'
import type { Block, Turn, TurnEnd } from './transcript.ts'
import { addUsage } from './usage.ts'

/** The event names replicas and reasons; a tired reader wants to know that the work goes on. */
const takenOver = 'The server that worked on this stopped; another one goes on.'

/** Folds one event into the turn that it belongs to. Pure. */
export function foldTurn(turn: Turn, event: SessionEvent): Turn {
  const { blocks } = turn
  const counted = { ...turn, events: turn.events + 1 }
  const show = (shown: Block[]): Turn => ({ ...counted, blocks: shown })
  /** What is said after this is said in another step. */
  const step = (shown: Block[]): Turn => ({ ...counted, blocks: shown, stepFrom: event.id })
  const notice = (level: 'info' | 'warn' | 'crit', text: string, before = blocks): Block[] => [
    ...before,
    { type: 'notice', key: event.id, level, text },
  ]
  switch (event.kind) {
    case 'text':
      return show(addText(turn, event))
    case 'tool':
      return step(addCall(blocks, event))
    case 'started':
      return show(withChange(blocks, event))
    case 'progress':
      return show(withProgress(blocks, event))
    case 'tool_output':
      return step(withOutput(closeCards(blocks, event.call), event))
    case 'approval':
      return show(addApproval(blocks, event))
    case 'decision':
      return show(withDecision(blocks, event))
    case 'question':
      return show(addQuestion(blocks, event))
    case 'answer':
      return show(withAnswer(blocks, event))
    case 'finding':
      return show(addFinding(blocks, event))
    case 'usage':
      return { ...counted, usage: addUsage(turn.usage, event) }
    case 'notice':
      return show(notice(event.level, event.text, event.again === true ? cutStep(turn) : blocks))
    case 'nudge':
      return step([...blocks, { type: 'nudge', key: event.id, text: event.text }])
    case 'error':
      return step(notice('crit', event.error))
    case 'cancelled':
      return show(notice('info', `Stopped by ${event.by}.`, closeCards(blocks)))
    case 'takeover':
      return show(notice('warn', takenOver, cutStep(turn)))
    case 'result':
      return withResult(counted, event)
    case 'turn_end':
      return { ...counted, blocks: endOpenCalls(closeCards(blocks)), end: endOf(turn, event) }
    default:
      return counted
  }
}

/** Pieces of one step's text are one text; another step, and a step that is asked anew, begin another. */
function addText({ blocks, stepFrom }: Turn, event: SessionEventOf<'text'>): Block[] {
  const last = blocks.at(-1)
  return last?.type === 'text' && !last.cut && last.key > stepFrom
    ? [...blocks.slice(0, -1), { ...last, text: last.text + event.text }]
    : [...blocks, { type: 'text', key: event.id, text: event.text, cut: false }]
}

/** What this step has said so far is no part of the answer. */
function cutStep({ blocks, stepFrom }: Turn): Block[] {
  return blocks.map((block) =>
    block.type === 'text' && block.key > stepFrom ? { ...block, cut: true } : block,
  )
}

/** A result repeats what the steps said, spaced in its own way; only what was not said yet is added. */
function withResult(turn: Turn, event: SessionEventOf<'result'>): Turn {
  const said = turn.blocks.flatMap((block) => (block.type === 'text' && !block.cut ? [block.text] : []))
  const repeats = bare(said.join('')).includes(bare(event.result))
  const text = event.result.trim()
  const blocks: Block[] = repeats
    ? turn.blocks
    : [...turn.blocks, { type: 'text', key: event.id, text, cut: false }]
  return { ...turn, blocks, result: { durationMs: event.duration_ms, isError: event.is_error } }
}

function bare(text: string): string {
  return text.replace(/\s+/g, '')
}

function endOf(turn: Turn, event: SessionEventOf<'turn_end'>): TurnEnd {
  const measured = new Date(event.at).getTime() - new Date(turn.startedAt).getTime()
  return {
    reason: event.reason,
    at: event.at,
    durationMs: turn.result?.durationMs ?? Math.max(0, measured),
    isError: turn.result?.isError ?? event.reason !== 'done',
  }
}
