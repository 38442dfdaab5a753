import type { RedisClient } from '#app/eventlog/openRedis.ts'
import type { RedisLink } from '#app/eventlog/RedisLink.ts'
import type { Tier } from './ladder.ts'
import { namesPeriodMs } from './ladder.ts'
import { chunkEnd, chunkOf, chunksOf, frameRow, readChunks } from './rowChunks.ts'
import type { PlacedRow, Row, RowStore } from './RowStore.ts'

interface Piece {
  rows: PlacedRow[]
  tier: number
  chunk: number
}

/** Values that are asked for in one command. */
const keysAtOnce = 64
/** What waited for long while Redis was away must live until coarser rows are made of it. */
const leastLifeMs = 3_600_000

const keyOf = (subject: string, tier: number, chunk: number): string =>
  `breakglass:{history:${subject}}:${tier}:${chunk}`

/**
 * The rows of the ladder in Redis: values that are appended to and expire, so that nothing has to be cleaned up, also
 * of hosts that are no more. A retry after a lost answer may append a row twice; it is read once.
 */
export class RedisRows implements RowStore {
  readonly #client: RedisClient
  readonly #link: RedisLink
  readonly #keepMs: number[]

  constructor(client: RedisClient, link: RedisLink, ladder: Tier[]) {
    this.#client = client
    this.#link = link
    this.#keepMs = ladder.map(({ keepMs }) => keepMs)
  }

  async append(rows: PlacedRow[]): Promise<{ left: PlacedRow[]; error?: unknown }> {
    const pieces = new Map<string, Piece>()
    for (const row of rows) {
      const chunk = chunkOf(row.tier, row.at)
      const key = keyOf(row.subject, row.tier, chunk)
      const piece = pieces.get(key)
      if (piece) piece.rows.push(row)
      else pieces.set(key, { rows: [row], tier: row.tier, chunk })
    }
    const left: PlacedRow[] = []
    let error: unknown
    await Promise.all(
      [...pieces].map(async ([key, piece]) => {
        try {
          await this.#link.run(() => this.#appendPiece(key, piece))
        } catch (why) {
          left.push(...piece.rows)
          error = why
        }
      }),
    )
    return { left, error }
  }

  async range(subject: string, tier: number, from: number, to: number): Promise<Row[]> {
    if (from >= to) return []
    const keys = chunksOf(tier, from, to).map((chunk) => keyOf(subject, tier, chunk))
    const found: (Buffer | null)[] = []
    for (let begin = 0; begin < keys.length; begin += keysAtOnce) {
      const some = keys.slice(begin, begin + keysAtOnce)
      found.push(...(await this.#link.run(() => this.#client.mgetBuffer(...some))))
    }
    return readChunks(found, from, to)
  }

  async lastAt(subject: string, tier: number, from: number, to: number): Promise<number | null> {
    return (await this.range(subject, tier, from, to)).at(-1)?.at ?? null
  }

  prune(): void {
    // They expire.
  }

  /** Both commands go out together; Redis runs them in this order. */
  async #appendPiece(key: string, { rows, tier, chunk }: Piece): Promise<void> {
    const keepMs = this.#keepMs[tier] ?? (this.#keepMs.at(-1) ?? 0) + namesPeriodMs
    const expires = Math.max(chunkEnd(tier, chunk, keepMs), Date.now() + leastLifeMs)
    await Promise.all([
      this.#client.append(key, Buffer.concat(rows.map(frameRow))),
      this.#client.pexpireat(key, Math.ceil(expires)),
    ])
  }
}
