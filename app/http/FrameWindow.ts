import type { Batch } from '#app/eventlog/EventLog.ts'
import { cutBatch } from '#app/eventlog/frame.ts'

/** A contiguous run `first…last` of frames: the first `used` bytes of `bytes`. */
interface Chunk {
  first: number
  last: number
  bytes: Buffer
  used: number
}

const smallestSlab = 4 * 1024
const largestSlab = 64 * 1024

/**
 * Recent frames of one epoch in memory, sorted by seq, newest kept: live batches are pushed, pages that were
 * read from the log are inserted. There may be holes between chunks, never within one.
 *
 * Small batches are copied into slabs that only ever grow at their end, so that what was handed out stays
 * valid, a flush is a slice rather than a concatenation, and a replay is a few large buffers.
 */
export class FrameWindow {
  readonly epoch: string
  #chunks: Chunk[] = []
  #bytes = 0

  constructor(epoch: string) {
    this.epoch = epoch
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds the newest batch; it lies after everything that is here. */
  push(batch: Batch): void {
    const { first, last, frames } = batch
    const tail = this.#chunks.at(-1)
    if (tail?.last === first - 1 && tail.bytes.length - tail.used >= frames.length) {
      tail.used += frames.copy(tail.bytes, tail.used)
      tail.last = last
      return
    }
    if (frames.length > largestSlab / 2) return this.#add(this.#chunks.length, first, last, frames)
    const size = Math.min(
      largestSlab,
      Math.max(smallestSlab, 2 * (tail?.bytes.length ?? 0), 2 * frames.length),
    )
    const slab = Buffer.allocUnsafeSlow(size)
    frames.copy(slab)
    this.#add(this.#chunks.length, first, last, slab, frames.length)
  }

  /**
   * Keeps of what was read from the log the part up to `upTo` that fits between what is here, as long as
   * `boundBytes` allows.
   */
  insert(batch: Batch, upTo: number, boundBytes: number): void {
    const at = this.#firstEndingAfter(batch.first - 1)
    const next = this.#chunks[at]
    const last = Math.min(upTo, (next?.first ?? Infinity) - 1)
    const part = cutBatch(batch, 0, last - batch.first + 1)
    if (part === null) return
    if (at === 0 && next !== undefined && this.#bytes + part.frames.length > boundBytes) return
    this.#add(at, part.first, part.last, part.frames)
    this.shrinkTo(boundBytes)
  }

  /** What lies directly after `seq`, up to the end of its chunk; null when it is not in memory. */
  after(seq: number): Batch | null {
    const chunk = this.#chunks[this.#firstEndingAfter(seq)]
    if (chunk === undefined || chunk.first > seq + 1) return null
    const { first, last, bytes, used } = chunk
    return cutBatch({ epoch: this.epoch, first, last, frames: bytes.subarray(0, used) }, seq)
  }

  /** Forgets the oldest until at most `boundBytes` are held. */
  shrinkTo(boundBytes: number): void {
    while (this.#bytes > boundBytes && this.#chunks.length > 1)
      this.#bytes -= this.#chunks.shift()?.bytes.length ?? 0
  }

  #add(at: number, first: number, last: number, bytes: Buffer, used = bytes.length): void {
    this.#chunks.splice(at, 0, { first, last, bytes, used })
    this.#bytes += bytes.length
  }

  /** Index of the first chunk whose `last` is above `seq`. */
  #firstEndingAfter(seq: number): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      // `middle` is below the length.
      if (this.#chunks[middle]!.last > seq) high = middle
      else low = middle + 1
    }
    return low
  }
}
