import type { Leg } from '#app/schema/events.ts'
import type { ToolResult } from './Tool.ts'

/** The end of a call that ran nothing, with a sentence that says why. */
export function notRun(failedLeg: Leg, failure: string): ToolResult {
  return { exitCode: null, stdout: '', stderr: '', truncated: false, durationMs: 0, failedLeg, failure }
}
