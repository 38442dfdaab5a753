import { createRedactor, type Redactor } from '#app/policy/redact.ts'
import { CaptureProgress, type Every } from './captureProgress.ts'
import { HeadAndTail } from './HeadAndTail.ts'
import type { Outputs } from './outputs.ts'
import type { OutputWriter } from './OutputWriter.ts'

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

export interface OutputCaptureOptions {
  sessionId: string
  call: string
  /** Told what came lately, once the call has run for a second. */
  onProgress?: (text: string) => void
  /** Told when the whole could not be kept: costs a page of it, not the call. */
  onLost?: (error: unknown) => void
  every?: Every
}

/** See `OutputCapture`. Its `write` and `end` never throw. */
export function createOutputCapture(
  outputs: Pick<Outputs, 'open'>,
  { sessionId, call, onProgress, onLost, every }: OutputCaptureOptions,
): OutputCapture {
  const streams = { stdout: newStream(), stderr: newStream() }
  const progress = onProgress && new CaptureProgress(onProgress, every)
  let writer: OutputWriter | undefined
  /** All of it, in the order in which it came, while nothing is left out yet. */
  let whole = ''

  function take(stream: Stream, text: string): void | Promise<void> {
    if (text === '') return
    stream.kept.add(text)
    progress?.add(text)
    if (writer) return writer.write(text)
    whole += text
    if (stream.kept.left === 0) return
    writer = outputs.open(sessionId, call)
    const first = whole
    whole = ''
    return writer.write(first)
  }

  return {
    write: (name, text) => take(streams[name], streams[name].redactor.push(text)),
    async end() {
      progress?.stop()
      for (const stream of Object.values(streams)) await take(stream, stream.redactor.end())
      const kept = await writer?.end()
      if (kept?.error !== undefined) onLost?.(kept.error)
      const remark = remarkOn(kept)
      return {
        stdout: streams.stdout.kept.text(remark),
        stderr: streams.stderr.kept.text(remark),
        truncated: writer !== undefined,
        bytes: kept?.bytes ?? Buffer.byteLength(whole),
      }
    },
  }
}

interface Stream {
  redactor: Redactor
  kept: HeadAndTail
}

const newStream = (): Stream => ({ redactor: createRedactor(), kept: new HeadAndTail() })

function remarkOn(kept: Awaited<ReturnType<OutputWriter['end']>> | undefined): string {
  if (kept === undefined || kept.dropped === 0) return ', the whole output is kept'
  if (kept.error !== undefined)
    return `; the last ${kept.dropped} bytes of the whole output could not be kept`
  return `, the whole output is kept but for its last ${kept.dropped} bytes`
}
