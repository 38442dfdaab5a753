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

const chunkBytes = 256 * 1024
/** A slow log gets so many chunks ahead before who writes has to wait. */
const chunksAhead = 1
const gzipAsync = promisify(gzip)
// Three times as fast as the default, and little larger.
const level = 3

/** Keeps one output in its stream, in compressed chunks. Never throws: what cannot be stored is dropped and counted. */
export class OutputWriter {
  readonly #options: OutputWriterOptions
  /** The chunk that is being filled, in UTF-8, of which `#length` bytes are there. Chunks are used again. */
  #chunk: Buffer = Buffer.allocUnsafeSlow(chunkBytes)
  #length = 0
  readonly #free: Buffer[] = []
  #waiting = 0
  #textBytes = 0
  #dropped = 0
  #position: Position = { epoch: '', seq: 0 }
  #before = { line: 0, stored: 0 }
  #broken: unknown
  #storing = Promise.resolve()

  constructor(options: OutputWriterOptions) {
    this.#options = options
  }

  /** Wait for the promise, if there is one, before giving more. `text` holds whole characters. */
  write(text: string): void | Promise<void> {
    for (let at = 0; at < text.length;) {
      const { read, written } = encoder.encodeInto(
        at === 0 ? text : text.slice(at),
        this.#chunk.subarray(this.#length),
      )
      at += read
      this.#length += written
      if (at < text.length) this.#storeChunk()
    }
    if (this.#waiting > chunksAhead) return this.#storing
  }

  /** Stores what is left. `bytes` is all that was given; `error` is what stopped the keeping. */
  async end(): Promise<{ bytes: number; dropped: number; error?: unknown }> {
    if (this.#length > 0) this.#storeChunk()
    await this.#storing
    const dropped = this.#dropped
    if (this.#broken === undefined) await this.#append({ kind: 'end', ...this.#before, dropped })
    const end = { bytes: this.#textBytes + dropped, dropped }
    return this.#broken === undefined ? end : { ...end, error: this.#broken }
  }

  #storeChunk(): void {
    const chunk = this.#chunk
    const bytes = chunk.subarray(0, this.#length)
    this.#chunk = this.#free.pop() ?? Buffer.allocUnsafeSlow(chunkBytes)
    this.#length = 0
    this.#waiting += 1
    this.#storing = this.#storing
      .then(() => this.#store(bytes))
      .then(() => {
        this.#waiting -= 1
        if (this.#free.length <= chunksAhead) this.#free.push(chunk)
      })
  }

  async #store(text: Buffer): Promise<void> {
    const fits = this.#textBytes + text.length <= this.#options.maxTextBytes
    // Once something was left out nothing follows it, so that what is kept has no hole.
    const isKept = this.#broken === undefined && this.#dropped === 0 && fits
    const stored = isKept
      ? await this.#append({ kind: 'chunk', ...this.#before, gzip: await pack(text) })
      : null
    if (stored === null) {
      this.#dropped += text.length
      return
    }
    this.#textBytes += text.length
    const { line, stored: before } = this.#before
    this.#before = { line: line + countNewlines(text), stored: before + stored }
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

const encoder = new TextEncoder()

async function pack(text: Buffer): Promise<string> {
  return (await gzipAsync(text, { level })).toString('base64')
}

function countNewlines(text: Buffer): number {
  let count = 0
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) count += 1
  return count
}
