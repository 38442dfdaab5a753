import { randomBytes, randomInt } from 'node:crypto'
import type { Batch, NewEvent, StoredEvent } from './EventLog.ts'

/** A label for a stream's numbering: random, so that a stream that begins again is never taken for the old one. */
export const createEpoch = (): string => randomBytes(6).toString('hex')

/** 48 random bits as a decimal number above 0. */
export const createTicket = (): string => String(randomInt(2 ** 48 - 1) + 1)

/**
 * The stored and sent form of one event: `id: <epoch>.<seq>\ndata: <json>\n\n`. `kind`, `id` and `at` come first in
 * the JSON; an `id` or `at` among the event's own fields does not get through.
 */
export function toFrame(epoch: string, seq: number, at: string, event: NewEvent): string {
  const json = JSON.stringify(Object.assign({ kind: '', id: seq, at }, event, { id: seq, at }))
  return `id: ${epoch}.${seq}\ndata: ${json}\n\n`
}

/** Numbers, dates and labels events, one at least, that come after seq `after`. */
export function toBatch(epoch: string, after: number, events: NewEvent[], at = new Date()): Batch {
  if (events.length === 0) throw new RangeError('An append needs an event.')
  const date = at.toISOString()
  const frames = events.map((event, i) => toFrame(epoch, after + 1 + i, date, event)).join('')
  return { epoch, first: after + 1, last: after + events.length, frames: Buffer.from(frames) }
}

/** The JSON texts in a run of frames, in order. */
export function toJsonTexts(frames: Buffer | string): string[] {
  const text = frames.toString()
  const texts: string[] = []
  let at = 0
  while (at < text.length) {
    const start = text.indexOf('\ndata: ', at) + 7
    const end = text.indexOf('\n\n', start)
    texts.push(text.slice(start, end))
    at = end + 2
  }
  return texts
}

/** The events in a run of frames, in order. */
export function parseFrames(frames: Buffer | string): StoredEvent[] {
  // What stands in the log was written by `toFrame`.
  return toJsonTexts(frames).map((text) => JSON.parse(text) as StoredEvent)
}

/** The events of a batch that come after seq `after`, at most `limit`; null when there are none. */
export function cutBatch(batch: Batch, after: number, limit = Infinity): Batch | null {
  const first = Math.max(batch.first, after + 1)
  const last = Math.min(batch.last, first + limit - 1)
  if (first > last) return null
  if (first === batch.first && last === batch.last) return batch
  const start = skipFrames(batch.frames, 0, first - batch.first)
  const end = last === batch.last ? batch.frames.length : skipFrames(batch.frames, start, last - first + 1)
  return { epoch: batch.epoch, first, last, frames: batch.frames.subarray(start, end) }
}

/** Joins batches that follow one another without a gap, of one epoch. */
export function joinBatches(batches: [Batch, ...Batch[]]): Batch {
  const [head] = batches
  if (batches.length === 1) return head
  const frames = Buffer.concat(batches.map((batch) => batch.frames))
  return { ...head, last: batches.at(-1)?.last ?? head.last, frames }
}

/** Epoch and seq of the frame at the start of `frames`. */
export function readFrameId(frames: Buffer): { epoch: string; seq: number } {
  const line = frames.toString('latin1', 4, frames.indexOf(10))
  const dot = line.indexOf('.')
  return { epoch: line.slice(0, dot), seq: Number(line.slice(dot + 1)) }
}

function skipFrames(frames: Buffer, from: number, count: number): number {
  let at = from
  for (let i = 0; i < count; i++) at = frames.indexOf('\n\n', at) + 2
  return at
}
