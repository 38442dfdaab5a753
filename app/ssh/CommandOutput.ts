import { StringDecoder } from 'node:string_decoder'
import { FirstBytes } from './FirstBytes.ts'
import type { ExecRequest, ExecResult } from './Runner.ts'
import type { LegFailure } from './legFailure.ts'

/** What a command prints: told piece by piece to `onOutput`, kept up to `maxOutputBytes` of each stream. */
export class CommandOutput {
  readonly #onOutput: ExecRequest['onOutput']
  readonly #kept: Record<'stdout' | 'stderr', FirstBytes>
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }

  constructor({ maxOutputBytes, onOutput }: Pick<ExecRequest, 'maxOutputBytes' | 'onOutput'>) {
    this.#onOutput = onOutput
    this.#kept = { stdout: new FirstBytes(maxOutputBytes), stderr: new FirstBytes(maxOutputBytes) }
  }

  /** Wait for the promise, if there is one, before adding more. */
  add(stream: 'stdout' | 'stderr', data: Buffer): void | Promise<void> {
    this.#kept[stream].add(data)
    if (this.#onOutput) return this.#tell(stream, this.#decoders[stream].write(data))
  }

  /** What is kept of stdout until now. */
  get stdout(): Buffer {
    return this.#kept.stdout.bytes
  }

  /** What came after so many bytes of stdout is no part of it. */
  cutStdout(length: number): void {
    this.#kept.stdout.cut(length)
  }

  /** The command's end; call it once, when no more output is wanted. `startedAt` is a `performance.now()`. */
  result(exitCode: number | null, startedAt: number, failed?: LegFailure): ExecResult {
    // At most one broken character each: nobody needs to be slowed down by it.
    for (const stream of ['stdout', 'stderr'] as const)
      Promise.resolve(this.#tell(stream, this.#decoders[stream].end())).catch(() => undefined)
    const { stdout, stderr } = this.#kept
    return {
      exitCode,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.dropped || stderr.dropped,
      durationMs: Math.round(performance.now() - startedAt),
      ...(failed ? { failedLeg: failed.leg, failure: failed.failure } : {}),
    }
  }

  #tell(stream: 'stdout' | 'stderr', text: string): void | Promise<void> {
    if (text !== '') return this.#onOutput?.(stream, text)
  }
}
