import { StringDecoder } from 'node:string_decoder'
import type { ExecRequest, ExecResult } from './Runner.ts'
import type { LegFailure } from './legFailure.ts'

/** The first `max` bytes of a stream; what is beyond is counted as dropped. */
class Kept {
  readonly #max: number
  // Grown by doubling and copied into: a slice would keep the whole packet that it was cut from alive.
  #bytes = Buffer.alloc(0)
  #length = 0
  dropped = false

  constructor(max: number) {
    this.#max = max
  }

  add(data: Buffer): void {
    const taken = Math.min(data.length, this.#max - this.#length)
    if (taken < data.length && this.#max > 0) this.dropped = true
    if (taken === 0) return
    if (this.#length + taken > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(this.#max, Math.max(4096, 2 * this.#bytes.length, this.#length + taken)),
      )
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    data.copy(this.#bytes, this.#length, 0, taken)
    this.#length += taken
  }

  /** As UTF-8. A character that the limit cut in two is left out; other broken bytes become U+FFFD. */
  text(): string {
    const decoder = new StringDecoder('utf8')
    const whole = decoder.write(this.#bytes.subarray(0, this.#length))
    return this.dropped ? whole : whole + decoder.end()
  }
}

/** What a command prints: told piece by piece to `onOutput`, kept up to `maxOutputBytes` of each stream. */
export class CommandOutput {
  readonly #onOutput: ExecRequest['onOutput']
  readonly #kept: Record<'stdout' | 'stderr', Kept>
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }

  constructor({ maxOutputBytes, onOutput }: Pick<ExecRequest, 'maxOutputBytes' | 'onOutput'>) {
    this.#onOutput = onOutput
    this.#kept = { stdout: new Kept(maxOutputBytes), stderr: new Kept(maxOutputBytes) }
  }

  /** Wait for the promise, if there is one, before adding more. */
  add(stream: 'stdout' | 'stderr', data: Buffer): void | Promise<void> {
    this.#kept[stream].add(data)
    if (this.#onOutput) return this.#tell(stream, this.#decoders[stream].write(data))
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
