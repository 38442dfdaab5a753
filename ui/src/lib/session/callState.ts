import { clock, duration } from '#ui/text/duration.ts'
import { legWord } from '#ui/text/legWord.ts'
import type { ToolCall } from './transcript.ts'

export type CallState = 'waiting' | 'running' | 'answered' | 'failed' | 'refused' | 'denied' | 'unknown'

/**
 * `answered` also where the exit code is not 0: the command ran and said something. `unknown`: it went out, and
 * whether it did its work was never heard. `denied` was held back by an operator, `refused` by policy or the turn.
 */
export function callState({ state, change, denied, output }: ToolCall): CallState {
  if (output === null) return state === 'ended' ? (change === null ? 'failed' : 'unknown') : state
  if (output.refused) return denied ? 'denied' : 'refused'
  if (output.failedLeg === undefined && output.exitCode !== null) return 'answered'
  return change !== null && output.exitCode === null ? 'unknown' : 'failed'
}

/** The end of a call in a few characters: exit code and time, or the leg that failed, or how long it runs. */
export function callEnd(call: ToolCall, now: number | null = null): string {
  const { output } = call
  const state = callState(call)
  if (output === null) {
    if (state === 'waiting') return 'waits for you'
    if (state !== 'running') return state === 'unknown' ? 'outcome unknown' : 'did not end'
    return now === null ? 'running' : `running ${clock(now - new Date(call.startedAt).getTime())}`
  }
  if (state === 'refused' || state === 'denied') return state
  return `${endWord(state, output)} · ${duration(output.durationMs)}`
}

function endWord(state: CallState, { exitCode, failedLeg }: NonNullable<ToolCall['output']>): string {
  if (state === 'unknown')
    return failedLeg === undefined ? 'outcome unknown' : `${legWord(failedLeg)}, outcome unknown`
  if (failedLeg !== undefined) return legWord(failedLeg)
  if (exitCode === null) return 'no exit code'
  return exitCode === 0 ? 'ok' : `exit ${exitCode}`
}

/** What a fold of calls hides: "4 more, all answered", "4 more, 1 failed, 2 running". */
export function hiddenCalls(calls: ToolCall[]): string {
  const states = calls.map(callState)
  const told = (['failed', 'denied', 'running'] as const).flatMap((state) => {
    const count = states.filter((one) => one === state).length
    return count > 0 ? [`${count} ${state}`] : []
  })
  return `${calls.length} more, ${told.length > 0 ? told.join(', ') : 'all answered'}`
}

/**
 * What of a run of calls is shown before it is unfolded: the first two, what changes something, waits for the
 * operator or was refused, and the last one while it runs.
 */
export function foldCalls(calls: ToolCall[]): { shown: ToolCall[]; folded: ToolCall[] } {
  const stays = (call: ToolCall, at: number): boolean =>
    at < 2 ||
    call.change !== null ||
    call.state === 'waiting' ||
    callState(call) === 'refused' ||
    (call.state === 'running' && at === calls.length - 1)
  const folded = calls.filter((call, at) => !stays(call, at))
  // A fold that hides a single chip would save nothing.
  return folded.length < 2 ? { shown: calls, folded: [] } : { shown: calls.filter(stays), folded }
}
