import type { SessionEventOf } from '#app/schema/events.ts'
import { callTitle } from './callTitle.ts'
import type { Block, ToolCall } from './transcript.ts'

/** What is kept of a running call's output: its end, for a glance. All of it comes when the call ends. */
const printedKept = 16_000

export function addCall(blocks: Block[], event: SessionEventOf<'tool'>): Block[] {
  const call: ToolCall = {
    key: event.id,
    call: event.call,
    name: event.name,
    title: callTitle(event.name, event.input),
    input:
      event.name === 'shell'
        ? []
        : Object.entries(event.input).map(([name, value]) => ({
            name,
            value: typeof value === 'string' ? value : JSON.stringify(value),
          })),
    startedAt: event.at,
    change: null,
    printed: '',
    state: 'running',
    denied: false,
    output: null,
    ...(event.target === undefined ? {} : { target: event.target }),
  }
  const last = blocks.at(-1)
  return last?.type === 'calls'
    ? [...blocks.slice(0, -1), { ...last, calls: [...last.calls, call] }]
    : [...blocks, { type: 'calls', key: event.id, calls: [call] }]
}

/** Changes the call wherever in the turn it stands; all other blocks keep their identity. */
export function changeCall(blocks: Block[], id: string, change: (call: ToolCall) => ToolCall): Block[] {
  return blocks.map((block) =>
    block.type === 'calls' && block.calls.some(({ call }) => call === id)
      ? { ...block, calls: block.calls.map((call) => (call.call === id ? change(call) : call)) }
      : block,
  )
}

export function withChange(blocks: Block[], event: SessionEventOf<'started'>): Block[] {
  return changeCall(blocks, event.call, (call) => ({
    ...call,
    change: event.action,
    startedAt: event.at,
    state: 'running',
  }))
}

export function withProgress(blocks: Block[], event: SessionEventOf<'progress'>): Block[] {
  return changeCall(blocks, event.call, (call) => ({
    ...call,
    printed: (call.printed + event.text).slice(-printedKept),
  }))
}

export function withOutput(blocks: Block[], event: SessionEventOf<'tool_output'>): Block[] {
  const output = {
    seq: event.id,
    exitCode: event.exit_code,
    stdout: event.stdout,
    stderr: event.stderr,
    truncated: event.truncated,
    bytes: event.output_bytes ?? null,
    durationMs: event.duration_ms,
    refused: event.refused === true,
    ...(event.failed_leg === undefined ? {} : { failedLeg: event.failed_leg }),
  }
  return changeCall(blocks, event.call, (call) => ({ ...call, output, printed: '', state: 'ended' }))
}

/** Of a call whose turn has ended before it, nothing more will be heard. */
export function endOpenCalls(blocks: Block[]): Block[] {
  return blocks.map((block) =>
    block.type === 'calls' && block.calls.some(({ state }) => state !== 'ended')
      ? {
          ...block,
          calls: block.calls.map((call) => (call.state === 'ended' ? call : { ...call, state: 'ended' })),
        }
      : block,
  )
}
