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

/** A command that answers once when it begins, and once more for each line on its stdin. */
export interface KeepRequest {
  /** As in `ExecRequest`. It must change nothing: one that may have been lost on an old connection is asked again. */
  command: string
  /**
   * Where an answer ends: how many bytes it has, or -1 while there is more to come. `stdout` is all that came of this
   * answer, of which what is before `from` was looked at already. Must not throw.
   */
  answerEnd: (stdout: Buffer, from: number) => number
}

export interface AskRequest {
  /** From the question to the end of its answer; connecting and opening the channel have their own. */
  timeoutMs: number
  /** What an answer may have at most, stdout and stderr together; of a longer one the rest is not read. */
  maxOutputBytes: number
  signal?: AbortSignal
}

/**
 * A command that is kept running between its answers, and begun again when it has ended. An answer is told as the end of
 * a command: a whole one has the exit code 0, whatever the command ends with later; one that is too long is `truncated`,
 * with the leg `command`. After anything but a whole answer the command is ended, and the next question begins it anew.
 */
export interface KeptCommand {
  /** Never throws. One question at a time: a second one is refused. */
  ask(request: AskRequest): Promise<ExecResult>
  /** Ends it at once. A question may still begin it again. */
  close(): void
}

/** A machine that commands run on: over SSH or, in the demo only, as child processes of this machine. */
export interface Runner {
  exec(request: ExecRequest): Promise<ExecResult>
  /** Where this is missing, nothing can be kept: such a command is run for each of its answers. */
  keep?(request: KeepRequest): KeptCommand
}
