import type { Leg } from '#app/schema/events.ts'

export interface ExecRequest {
  /** One shell command line as the far side's `sh -c` will read it. Never built from untrusted input by string concatenation. */
  command: string
  /** Written to the command's stdin, which is then closed; empty when absent. */
  stdin?: string
  /** The command's own limit; connecting and opening the channel have their own. */
  timeoutMs: number
  /** Bytes kept of each of stdout and stderr; what is beyond is read and dropped, and `truncated` is true. */
  maxOutputBytes: number
  signal?: AbortSignal
  /** Called with each piece as it arrives (decoded, before the cap). */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void
}

/**
 * The end of a command, success or not: never thrown. `exitCode` is null when the command did not run, was
 * killed, or its end is unknown; then `failedLeg` says which leg failed and `failure` says it in a sentence.
 * `lost` means that the connection broke after the command was sent: it may have run.
 */
export interface ExecResult {
  exitCode: number | null
  stdout: string
  stderr: string
  truncated: boolean
  durationMs: number
  failedLeg?: Leg
  failure?: string
}

/** A machine that commands run on: over SSH or, in the demo only, as child processes of this machine. */
export interface Runner {
  exec(request: ExecRequest): Promise<ExecResult>
}
