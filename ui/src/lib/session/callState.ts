import { duration } from '#ui/text/duration.ts'
import { legWord } from '#ui/text/legWord.ts'
import type { ToolCall } from './transcript.ts'

export type CallState = 'running' | 'answered' | 'failed'

/** `answered` also where the exit code is not 0: the command ran and said something. */
export function callState(call: ToolCall): CallState {
  if (call.output === null) return 'running'
  return call.output.failedLeg === undefined && call.output.exitCode !== null ? 'answered' : 'failed'
}

/** The end of a call in a few characters: exit code and time, or the leg that failed. */
export function callEnd(call: ToolCall): string {
  const { output } = call
  if (output === null) return 'running'
  const end = output.failedLeg === undefined ? (output.exitCode ?? 'no exit code') : legWord(output.failedLeg)
  return `${end} · ${duration(output.durationMs)}`
}

/** What a fold of calls hides: "4 more, all answered", "4 more, 1 failed, 2 running". */
export function hiddenCalls(calls: ToolCall[]): string {
  const count = (state: CallState): number => calls.filter((call) => callState(call) === state).length
  const failed = count('failed')
  const running = count('running')
  const parts = [...(failed > 0 ? [`${failed} failed`] : []), ...(running > 0 ? [`${running} running`] : [])]
  return `${calls.length} more, ${parts.length > 0 ? parts.join(', ') : 'all answered'}`
}
