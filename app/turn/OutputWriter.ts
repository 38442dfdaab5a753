import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { EventLog, NewEvent, Position } from '#app/eventlog/EventLog.ts'

/** What stands in an output's stream. */
export interface OutputEvent {
  kind: 'chunk' | 'end'
  /** Newlines before it. */
  line: number
  /** Bytes that the stream takes before it. */
  stored: number
  /** Of a chunk: its text, compressed, in base64. */
  gzip?: string
  /** Of the end: bytes of text that were not kept. */
  dropped?: number
}

export interface OutputWriterOptions {
  log: EventLog
  stream: string
  /** Told after each append, in bytes; room for more is made meanwhile. */
  onStored: (bytes: number) => Promise<void>
  maxTextBytes: number
}

const chunkChars = 256 * 1024
const gzipAsync = promisify(gzip)
// Three times as fast as the default, and little larger.
const level = 3

/** Keeps one output in its stream, in compressed chunks. Never throws: what cannot be stored is dropped and counted. */
export class OutputWriter {
  readonly #options: OutputWriterOptions
  #text = ''
  #textBytes = 0
  #dropped = 0
  #position: Position = { epoch: '', seq: 0 }
  #before = { line: 0, stored: 0 }
  #broken: unknown
  #storing = Promise.resolve()

  constructor(options: OutputWriterOptions) {
    this.#options = options
  }

  /** Wait for the promise, if there is one, before giving more. */
  write(text: string): void | Promise<void> {
    this.#text += text
    if (this.#text.length < chunkChars) return
    while (this.#text.length >= chunkChars) this.#storeNext(wholeChars(this.#text, chunkChars))
    return this.#storing
  }

  /** Stores what is left. `dropped` counts bytes of text; `error` is what stopped the keeping. */
  async end(): Promise<{ dropped: number; error?: unknown }> {
    if (this.#text !== '') this.#storeNext(this.#text.length)
    await this.#storing
    const dropped = this.#dropped
    if (this.#broken === undefined) await this.#append({ kind: 'end', ...this.#before, dropped })
    return this.#broken === undefined ? { dropped } : { dropped, error: this.#broken }
  }

  #storeNext(length: number): void {
    const chunk = this.#text.slice(0, length)
    this.#text = this.#text.slice(length)
    this.#storing = this.#storing.then(() => this.#store(chunk))
  }

  async #store(chunk: string): Promise<void> {
    const bytes = Buffer.byteLength(chunk)
    // Once something was left out nothing follows it, so that what is kept has no hole.
    if (
      this.#broken !== undefined ||
      this.#dropped > 0 ||
      this.#textBytes + bytes > this.#options.maxTextBytes
    ) {
      this.#dropped += bytes
      return
    }
    const packed = await gzipAsync(chunk, { level })
    const stored = await this.#append({ kind: 'chunk', ...this.#before, gzip: packed.toString('base64') })
    if (stored === null) {
      this.#dropped += bytes
      return
    }
    this.#textBytes += bytes
    const { line, stored: before } = this.#before
    this.#before = { line: line + countNewlines(chunk), stored: before + stored }
  }

  /** The bytes that it takes there; null where it could not be stored. */
  async #append(event: OutputEvent & NewEvent): Promise<number | null> {
    const { log, stream, onStored } = this.#options
    try {
      // It can be lost with the power: the event of the call still has head and tail.
      let result = await log.append(stream, this.#position, [event], { relaxed: true })
      if (!result.ok && this.#position.seq === 0) {
        // Begun before, by a process that died while it ran the same call.
        await log.remove(stream)
        result = await log.append(stream, this.#position, [event], { relaxed: true })
      }
      if (!result.ok) throw new Error('The stream of this output was removed, or somebody else writes it.')
      this.#position = { epoch: result.batch.epoch, seq: result.batch.last }
      await onStored(result.batch.frames.length)
      return result.batch.frames.length
    } catch (error) {
      this.#broken = error
      return null
    }
  }
}

function countNewlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** `length`, or one less where that would cut a surrogate pair. */
function wholeChars(text: string, length: number): number {
  const code = text.charCodeAt(length - 1)
  return code >= 0xd800 && code <= 0xdbff ? length - 1 : length
}
