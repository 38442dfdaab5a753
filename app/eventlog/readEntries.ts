import type { Batch } from './EventLog.ts'
import { cutBatch, joinBatches, readFrameId } from './frame.ts'
import type { RedisClient } from './openRedis.ts'

/** Events in a merged entry (see `append-1.lua`). */
const span = 128
const pageBytes = 1024 * 1024
const firstEntries = 16
const entriesAtOnce = 1000

/**
 * Events after seq `after`, at most `limit` and about 1 MiB; null when there are none. Entries hold one event or
 * many, so a second read asks for as many entries as the first one let expect.
 */
export async function readEntries(
  client: RedisClient,
  key: string,
  after: number,
  limit: number,
): Promise<Batch | null> {
  // Redis takes no such id, and no stream is that long.
  if (!Number.isSafeInteger(after + 1)) return null
  let found: Batch[] = []
  let bytes = 0
  let count = Math.min(Math.ceil(limit / span) + 1, firstEntries)
  for (;;) {
    const last = found.at(-1)?.last ?? after
    const entries = await client.xrangeBuffer(key, `${last + 1}-0`, '+', 'COUNT', count)
    const batches = followOn(found.at(-1), entries.map(toBatch), last)
    found = [...found, ...batches]
    bytes += batches.reduce((sum, batch) => sum + batch.frames.length, 0)
    const events = (found.at(-1)?.last ?? 0) - (found[0]?.first ?? 1) + 1
    if (batches.length < count || events >= limit || bytes >= pageBytes) break
    const wanted = Math.ceil((limit - events) / (events / found.length))
    const allowed = Math.ceil((pageBytes - bytes) / (bytes / found.length))
    count = Math.min(wanted, allowed, entriesAtOnce)
  }
  const [first, ...rest] = upToBytes(found, pageBytes)
  return first === undefined ? null : cutBatch(joinBatches([first, ...rest]), after, limit)
}

function toBatch([id, [, frames]]: [Buffer, Buffer[]]): Batch {
  // Every entry has one field, `f`.
  const bytes = frames as Buffer
  const { epoch, seq } = readFrameId(bytes)
  return { epoch, first: seq, last: Number(id.toString('latin1', 0, id.indexOf('-'))), frames: bytes }
}

/** What of `batches` goes on without a gap: between two reads entries may be merged, trimmed or labelled anew. */
function followOn(previous: Batch | undefined, batches: Batch[], after: number): Batch[] {
  const fitting: Batch[] = []
  let before = previous
  for (const batch of batches) {
    if (before !== undefined && (batch.first > before.last + 1 || batch.epoch !== before.epoch)) break
    const rest = cutBatch(batch, before?.last ?? after)
    if (rest === null) break
    fitting.push(rest)
    before = rest
  }
  return fitting
}

/** The first batches until they reach `bytes`. */
function upToBytes(batches: Batch[], bytes: number): Batch[] {
  let sum = 0
  const end = batches.findIndex((batch) => (sum += batch.frames.length) >= bytes)
  return end < 0 ? batches : batches.slice(0, end + 1)
}
