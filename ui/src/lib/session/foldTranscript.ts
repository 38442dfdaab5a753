import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { addFinding } from './findings.ts'
import { callTitle } from './callTitle.ts'
import type { Block, Transcript, Turn, TurnEnd } from './transcript.ts'

/**
 * Folds one event of a session's log into what its reader sees. Pure; untouched turns keep their identity, so
 * only the last one is drawn again. Events that were folded before change nothing, kinds that we do not know
 * only move the head.
 */
export function foldTranscript(transcript: Transcript, event: SessionEvent): Transcript {
  if (event.id <= transcript.head) return transcript
  const next = { ...transcript, head: event.id }
  switch (event.kind) {
    case 'session':
      return { ...next, agent: event.agent, model: event.model, target: event.target }
    case 'archived':
      return { ...next, state: 'archived' }
    case 'user':
      return {
        ...next,
        title: transcript.title === '' ? firstLine(event.text) : transcript.title,
        state: 'running',
        turns: [...transcript.turns, newTurn(event)],
      }
    default: {
      const turn = transcript.turns.at(-1)
      if (turn === undefined) return next
      return {
        ...next,
        state: event.kind === 'turn_end' ? 'idle' : transcript.state,
        turns: [...transcript.turns.slice(0, -1), foldTurn(turn, event)],
      }
    }
  }
}

function newTurn(event: SessionEventOf<'user'>): Turn {
  return {
    key: event.id,
    prompt: { text: event.text, ...(event.preset === undefined ? {} : { preset: event.preset }) },
    startedAt: event.at,
    blocks: [],
    events: 1,
    result: null,
    end: null,
  }
}

function foldTurn(turn: Turn, event: SessionEvent): Turn {
  const counted = { ...turn, events: turn.events + 1 }
  const add = (block: Block): Turn => ({ ...counted, blocks: [...turn.blocks, block] })
  const notice = (level: 'info' | 'warn' | 'crit', text: string): Turn =>
    add({ type: 'notice', key: event.id, level, text })
  switch (event.kind) {
    case 'text':
      return { ...counted, blocks: addText(turn.blocks, event) }
    case 'tool':
      return { ...counted, blocks: addCall(turn.blocks, event) }
    case 'tool_output':
      return { ...counted, blocks: turn.blocks.map((block) => withOutput(block, event)) }
    case 'finding':
      return { ...counted, blocks: addFinding(turn.blocks, event) }
    case 'notice':
      return notice(event.level, event.text)
    case 'error':
      return notice('crit', event.error)
    case 'cancelled':
      return notice('info', `Stopped by ${event.by}.`)
    case 'takeover':
      return notice('warn', `Taken over in mid-turn: ${event.reason}`)
    case 'result':
      return withResult(counted, event)
    case 'turn_end':
      return { ...counted, end: endOf(turn, event) }
    default:
      return counted
  }
}

function addText(blocks: Block[], event: SessionEventOf<'text'>): Block[] {
  const last = blocks.at(-1)
  return last?.type === 'text'
    ? [...blocks.slice(0, -1), { ...last, text: last.text + event.text }]
    : [...blocks, { type: 'text', key: event.id, text: event.text }]
}

function addCall(blocks: Block[], event: SessionEventOf<'tool'>): Block[] {
  const call = {
    key: event.id,
    call: event.call,
    name: event.name,
    title: callTitle(event.name, event.input),
    output: null,
    ...(event.target === undefined ? {} : { target: event.target }),
  }
  const last = blocks.at(-1)
  return last?.type === 'calls'
    ? [...blocks.slice(0, -1), { ...last, calls: [...last.calls, call] }]
    : [...blocks, { type: 'calls', key: event.id, calls: [call] }]
}

/** The output joins the call that it answers, wherever in the turn that stands. */
function withOutput(block: Block, event: SessionEventOf<'tool_output'>): Block {
  if (block.type !== 'calls' || !block.calls.some(({ call }) => call === event.call)) return block
  const output = {
    seq: event.id,
    exitCode: event.exit_code,
    stdout: event.stdout,
    stderr: event.stderr,
    truncated: event.truncated,
    durationMs: event.duration_ms,
    ...(event.failed_leg === undefined ? {} : { failedLeg: event.failed_leg }),
  }
  return {
    ...block,
    calls: block.calls.map((call) => (call.call === event.call ? { ...call, output } : call)),
  }
}

/** A result repeats what was said as text; only what was not said yet is added. */
function withResult(turn: Turn, event: SessionEventOf<'result'>): Turn {
  const said = turn.blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')
  const text = event.result.trim()
  const blocks: Block[] =
    text === '' || said.includes(text) ? turn.blocks : [...turn.blocks, { type: 'text', key: event.id, text }]
  return { ...turn, blocks, result: { durationMs: event.duration_ms, isError: event.is_error } }
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

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.slice(0, 120) ?? ''
}
