import { namesPeriodMs } from './ladder.ts'
import type { Row } from './RowStore.ts'

const minute = 60_000

/**
 * In Redis some rows of a tier share one value, which is only ever appended to and expires as a whole: how long such a
 * chunk is, by tier. Each holds some 20 to 240 rows, so that neither many nor long values are read.
 */
const chunkMs = [10 * minute, 120 * minute, 1440 * minute, 14_400 * minute, namesPeriodMs]

export const chunkOf = (tier: number, at: number): number => Math.floor(at / lengthOf(tier))

/** When the last row of a chunk is as old as it may become. */
export const chunkEnd = (tier: number, chunk: number, keepMs: number): number =>
  (chunk + 1) * lengthOf(tier) + keepMs

const lengthOf = (tier: number): number => chunkMs[tier] ?? namesPeriodMs

/** The chunks that may hold rows of a range. */
export function chunksOf(tier: number, from: number, to: number): number[] {
  const first = chunkOf(tier, from)
  const last = chunkOf(tier, Math.max(from, to - 1))
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

const headBytes = 6 + 4

/** A row with its moment and length in front. */
export function frameRow({ at, data }: Row): Buffer {
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUIntBE(Math.floor(at), 0, 6)
  head.writeUInt32BE(data.length, 6)
  return Buffer.concat([head, data])
}

/** The rows of some chunks that lie in the range, in order; of those of one moment the last. */
export function readChunks(chunks: (Buffer | null)[], from: number, to: number): Row[] {
  const rows = new Map<number, Row>()
  for (const chunk of chunks) {
    if (!chunk) continue
    for (let end = 0; end + headBytes <= chunk.length;) {
      const at = chunk.readUIntBE(end, 6)
      const begin = end + headBytes
      end = begin + chunk.readUInt32BE(end + 6)
      if (end <= chunk.length && at >= from && at < to) rows.set(at, { at, data: chunk.subarray(begin, end) })
    }
  }
  return [...rows.values()].sort((a, b) => a.at - b.at)
}
