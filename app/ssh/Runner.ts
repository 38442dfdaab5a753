import type { Leg } from '#app/schema/events.ts'

export interface ExecRequest {
  /** One shell command line as the far side's `sh -c` will read it. Never built from untrusted input by string concatenation. */
  command: string
  /** Written to the command's stdin, which is then closed; empty when absent. */
  stdin?: string
  /** The command reads no input: over SSH its stdin stays open and empty, which saves a packet. Not beside `stdin`. */
  readsNothing?: true
  /** The command's own limit; connecting and opening the channel have their own. */
  timeoutMs: number
  /**
   * Bytes kept of each of stdout and stderr; what is beyond is read and dropped, and `truncated` is true. With 0
   * nothing is kept and `truncated` stays false: the output is for `onOutput` alone.
   */
  maxOutputBytes: number
  signal?: AbortSignal
  /** Called once, when the command goes out; never when it was not sent. Must not throw. */
  onSent?: () => void
  /**
   * Called with each piece as it arrives (decoded, before the cap). Nothing more is read until the promise that it
   * may return resolves (a rejection counts as done), and then the far side waits too. All that has arrived is told
   * before the command's end, unless it is cancelled.
   */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void | Promise<void>
}

/**
 * The end of a command, success or not: never thrown. `exitCode` is null when the command did not run, was
 * stopped by us, or its end is unknown; then `failedLeg` says which leg failed and `failure` says it in a
 * sentence. A command that a signal killed over there has 128 + the signal's number, as shells report it.
 * After `name`, `tcp`, `host_key`, `auth`, `channel` and `command` it was not run. After `lost` (the connection
 * broke once it was sent) and `timeout` (its own limit passed) it may have run, or may still be running; after
 * `cancelled` too, and only the sentence says whether it was sent. Time-outs of connecting count as the leg
 * that they happened in.
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
