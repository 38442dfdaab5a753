import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { toJsonTexts } from '#app/eventlog/frame.ts'
import type { OutputPiece } from '#app/tool/output.ts'
import type { OutputEvent } from './OutputWriter.ts'

const gunzipAsync = promisify(gunzip)
/** A chunk comes out in one buffer: many small ones pile up before they are collected. */
const wholeChunk = { chunkSize: 512 * 1024 }
/** At most so many chunks are in memory at once. */
const chunksAtOnce = 2

const removed = 'The rest of this output is no longer kept: the oldest make room for newer ones.'
const unfinished = 'No more was kept of this output: it still runs, or the server stopped while it ran.'

/** The pieces of a kept output from the one on in which line `from` begins; what is missing is said at its place. */
export async function* readOutput(
  log: EventLog,
  stream: string,
  epoch: string,
  from: number,
): AsyncGenerator<OutputPiece> {
  let line = 0
  const say = (text: string): OutputPiece => ({ text: `\n[${text}]\n`, line })
  try {
    let after = (await seek(log, stream, from)) - 1
    for (;;) {
      const page = await log.page(stream, after, chunksAtOnce)
      const isGone = page.epoch !== epoch || page.head === 0
      if (isGone || page.batch === null) {
        yield say(isGone ? removed : unfinished)
        return
      }
      for (const event of parseOutput(page.batch.frames)) {
        line = event.line
        const { dropped = 0 } = event
        if (dropped > 0) yield say(`${dropped} bytes more were not kept.`)
        if (event.kind === 'end') return
        const text = (await gunzipAsync(Buffer.from(event.gzip ?? '', 'base64'), wholeChunk)).toString()
        yield { text, line }
      }
      after = page.batch.last
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    yield say(`The rest cannot be read now: ${error.message}`)
  }
}

export function parseOutput(frames: Buffer): OutputEvent[] {
  // Written by `OutputWriter` alone.
  return toJsonTexts(frames).map((text) => JSON.parse(text) as OutputEvent)
}

/** The seq of the chunk in which the line begins: the last one with fewer newlines before it. */
async function seek(log: EventLog, stream: string, from: number): Promise<number> {
  if (from <= 0) return 1
  let [low, high] = [1, (await log.head(stream)).seq]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const { batch } = await log.page(stream, middle - 1, 1)
    const event = batch === null ? undefined : parseOutput(batch.frames)[0]
    if (event !== undefined && event.line < from) low = middle
    else high = middle - 1
  }
  return low
}
