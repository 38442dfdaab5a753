import type { SessionEventOf } from '#app/schema/events.ts'

/** How a call ended, as its event tells it. */
export type CallEnd = Omit<SessionEventOf<'tool_output'>, 'kind' | 'id' | 'at' | 'turn' | 'call'>

/** Policy, an operator or the turn's own rules held it back. */
export function refused(why: string): CallEnd {
  return { ...notRun('command', why), refused: true }
}

/** Nothing was run, or nobody knows. */
export function notRun(leg: CallEnd['failed_leg'] & string, why: string): CallEnd {
  return { exit_code: null, stdout: '', stderr: why, truncated: false, duration_ms: 0, failed_leg: leg }
}
