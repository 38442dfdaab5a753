import type { z } from 'zod'
import type { ExecResult } from '#app/ssh/Runner.ts'

/** What is known before a call runs. */
export interface CallContext {
  sessionId: string
  call: string
  /** The session's target, or the one that the call names. */
  target: string
  /** The operator who started the turn. */
  operator: string
}

/** What a call has at hand while it runs. */
export interface RunContext {
  /** Aborted on cancel, at the end of the turn and after the tool's `timeoutMs`. */
  signal: AbortSignal
  /**
   * Takes output as it comes, redacts it, keeps all of it for the operator and head and tail for the model. Wait
   * for the promise, if there is one, before reading more.
   */
  write(stream: 'stdout' | 'stderr', text: string): void | Promise<void>
  /** Shows a card and waits for the operator's words. Rejects when `signal` aborts. */
  ask(question: { text: string; options?: string[] }): Promise<string>
}

/**
 * What a tool call ended in; the turn turns it into a `tool_output` event. `stdout` and `stderr` hold what was not
 * given to `write`.
 */
export type ToolResult = ExecResult

/** One word, for the card. */
export type Risk = 'low' | 'medium' | 'high' | 'destructive'

/**
 * A call whose arguments are valid, judged and frozen: `run` does what `action` says and nothing else, whatever
 * happens to the arguments meanwhile. The same input in the same configuration gives the same `action` and
 * `target`: an approval's digest is made from them, and made again right before `run`.
 */
export interface Prepared {
  /** Exactly what would be done, as the operator reads it. */
  action: string
  /** The machine or VM that it is done to, as the operator reads it, '' for none. */
  target: string
  /** The same for the turn; absent where nothing is done to a machine. */
  where?: Where
  verdict: Verdict
  run(context: RunContext): Promise<ToolResult>
}

export interface Where {
  kind: 'target' | 'vm'
  name: string
  /** The targets that it concerns: itself, or those inside the VM. */
  targets: readonly string[]
  /** Where the name leads today. An approval counts only while it leads there. */
  leadsTo: string
}

export type Verdict =
  /**
   * Changes nothing: runs at once, beside others, and again after a crash. With `observes` false it says nothing of
   * the machine's state either, and pays for no change.
   */
  | { type: 'read'; observes?: boolean }
  /** Changes something, and may without asking (mode `autonomous`). Runs alone, never twice. */
  | { type: 'write'; why: string; readBack: boolean }
  /** An operator decides. Runs alone, never twice. */
  | { type: 'ask'; why: string; risk: Risk; undo?: string; readBack: boolean }
  | { type: 'deny'; why: string }

/** One typed tool. Arguments that do not validate never reach `prepare`. */
export interface Tool<I = unknown> {
  name: string
  /** For the model: what it does, what comes back, when to use it. */
  description: string
  parameters: z.ZodType<I>
  /** How long `run` may take; Infinity for one that waits for the operator. */
  timeoutMs: number
  prepare(input: I, context: CallContext): Prepared | Promise<Prepared>
}
