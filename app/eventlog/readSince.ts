import type { EventLog, Position, StoredEvent } from './EventLog.ts'
import { parseFrames, toFrame } from './frame.ts'
import type { Pending } from './Tail.ts'

const pageSize = 1000

interface StoredItem extends Pending {
  event: StoredEvent
}

/**
 * All that stands in the stream after `position`, and where that ends. Null when `position` does not hold any more:
 * the stream is gone or numbered anew.
 */
export async function readSince(
  log: EventLog,
  stream: string,
  position: Position,
): Promise<{ items: StoredItem[]; position: Position } | null> {
  const items: StoredItem[] = []
  let at = position
  for (;;) {
    const page = await log.page(stream, at.seq, pageSize)
    if (page.head < at.seq || (at.seq > 0 && page.epoch !== at.epoch)) return null
    if (page.batch === null) return { items, position: at }
    items.push(...parseFrames(page.batch.frames).map((event) => toStoredItem(page.epoch, event)))
    at = { epoch: page.epoch, seq: page.batch.last }
    if (at.seq >= page.head) return { items, position: at }
  }
}

function toStoredItem(epoch: string, event: StoredEvent): StoredItem {
  const frame = toFrame(epoch, event.id, event.at, event)
  return { event, at: event.at, relaxed: false, frame, bytes: Buffer.byteLength(frame) }
}
