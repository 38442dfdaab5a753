import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Change, EventLog, NewEvent, Position, StoredEvent } from '../EventLog.ts'
import { parseFrames } from '../frame.ts'

export const none: Position = { epoch: '', seq: 0 }
export const text = (value: unknown): NewEvent => ({ kind: 'text', text: value })
export const texts = (count: number, word = 'e'): NewEvent[] =>
  Array.from({ length: count }, (_, i) => text(`${word}${i + 1}`))
export const newStream = (word = 'session'): string => `${word}:${randomUUID()}`

/** Appends and returns the position after it; fails the test if the append is refused. */
export async function appendAt(
  log: EventLog,
  stream: string,
  at: Position,
  events: NewEvent[],
): Promise<Position> {
  const result = await log.append(stream, at, events)
  if (!result.ok) throw new Error(`refused: ${result.reason} at ${result.epoch}.${result.head}`)
  return { epoch: result.batch.epoch, seq: result.batch.last }
}

/** Everything in the stream after `after`, page by page; checks that pages are contiguous and labelled alike. */
export async function readAll(log: EventLog, stream: string, after = 0, limit = 500): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let at = after; ;) {
    const page = await log.page(stream, at, limit)
    if (page.batch === null) {
      expect(page.head).toBeLessThanOrEqual(Math.max(at, after))
      return events
    }
    const { first, last, frames, epoch } = page.batch
    expect(first).toBe(Math.max(at, page.trimmedTo) + 1)
    expect(last - first + 1).toBeLessThanOrEqual(limit)
    expect(epoch).toBe(page.epoch)
    expect(frames.toString().match(/^id: .*$/gm)).toEqual(
      range(first, last).map((seq) => `id: ${epoch}.${seq}`),
    )
    events.push(...parseFrames(frames))
    at = last
  }
}

export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)
export const seqs = (events: StoredEvent[]): number[] => events.map((event) => event.id)

/** Records what a follower is told; a `reset` empties it. */
export function recordFollower(log: EventLog, stream: string, from: Position) {
  const told: StoredEvent[] = []
  const changes: Change[] = []
  const wakers = new Set<() => void>()
  const stop = log.follow(stream, from, (change) => {
    changes.push(change)
    if (change.type === 'reset') told.length = 0
    else told.push(...parseFrames(change.batch.frames))
    for (const wake of wakers) wake()
  })
  const when = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        wakers.delete(look)
        resolve()
      }
      wakers.add(look)
      look()
    })
  const lastId = (): number => told.at(-1)?.id ?? 0
  return { told, changes, stop, when, reached: (seq: number) => when(() => lastId() >= seq) }
}
