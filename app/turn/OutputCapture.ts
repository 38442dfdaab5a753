/** What a call's output comes down to once it has ended. */
export interface Captured {
  /** Head and tail, redacted; the whole where it is short. */
  stdout: string
  stderr: string
  /** Something of it does not stand in `stdout` and `stderr`. */
  truncated: boolean
  /** How long all of it is, in UTF-8 bytes after redaction. */
  bytes: number
}

/**
 * Takes the output of one call while it runs: redacts it as it comes, keeps head and tail of each stream, writes
 * the whole into the outputs once it is longer than these, and tells what came lately.
 */
export interface OutputCapture {
  /** Wait for the promise, if there is one, before giving more: that is how a fast writer is slowed down. */
  write(stream: 'stdout' | 'stderr', text: string): void | Promise<void>
  /** Call it once, when nothing more comes. */
  end(): Promise<Captured>
}
