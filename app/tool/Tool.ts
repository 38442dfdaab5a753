import type { z } from 'zod'
import type { ExecResult } from '#app/ssh/Runner.ts'

export interface ToolContext {
  /** The session's target, or the one that the call names. */
  target: string
  signal: AbortSignal
}

/** What a tool call ended in; the turn turns it into a `tool_output` event. */
export type ToolResult = ExecResult

/** One typed tool. Arguments that do not validate never reach `run`. */
export interface Tool<I = unknown> {
  name: string
  description: string
  parameters: z.ZodType<I>
  /** Whether this very call changes anything; a mutating call is never repeated after a crash. */
  mutates(input: I): boolean
  timeoutMs: number
  run(input: I, context: ToolContext): Promise<ToolResult>
}
