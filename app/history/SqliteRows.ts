import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { namesPeriodMs, namesTier } from './ladder.ts'
import type { PlacedRow, Row, RowStore } from './RowStore.ts'
import { inTransaction } from './watchDatabase.ts'

const minute = 60_000
/**
 * Rows lie by tier, stretch of time and subject: all hosts' rows of one moment come to lie in a few pages, where each
 * host's own place would be a page to write for each row. How long a stretch is, by tier: of one subject it holds few
 * rows, and what a query reads of a tier has no more than some hundreds of them.
 */
const slotMs = [minute, 4 * minute, 20 * minute, 240 * minute, namesPeriodMs]

/** Rows that are removed without a break between them. */
const rowsAtOnce = 1000

/** Those stretches of ?1…?2 that have rows, one looked up after the other, and in each the rows of one subject. */
const within = `
  WITH RECURSIVE slots (n) AS (
    SELECT min(slot) FROM rows WHERE tier = ?3 AND slot >= ?1
    UNION ALL
    SELECT (SELECT min(slot) FROM rows WHERE tier = ?3 AND slot > n) FROM slots WHERE n < ?2
  )
  SELECT %s FROM slots CROSS JOIN rows
  WHERE tier = ?3 AND slot = n AND n <= ?2 AND subject = ?4 AND at >= ?5 AND at < ?6`
const statements = {
  findSubject: `SELECT id FROM subjects WHERE name = ?`,
  addSubject: `INSERT INTO subjects (name) VALUES (?)`,
  add: `INSERT OR REPLACE INTO rows (tier, slot, subject, at, data) VALUES (?, ?, ?, ?, ?)`,
  range: within.replace('%s', 'at, data'),
  last: within.replace('%s', 'max(at) AS at'),
  removeOldest: `DELETE FROM rows WHERE tier = ?1 AND slot < ?2
    AND slot = (SELECT min(slot) FROM rows WHERE tier = ?1)`,
  // Whoever has rows has names: they are written first, and kept for longer.
  removeSubjects: `DELETE FROM subjects WHERE id NOT IN (SELECT subject FROM rows WHERE tier = ${namesTier})`,
}

/** The rows of the ladder in the embedded database. */
export class SqliteRows implements RowStore {
  readonly #database: DatabaseSync
  readonly #sql: Record<keyof typeof statements, StatementSync>
  readonly #ids = new Map<string, number>()
  /** By tier, the stretch before which none is left. */
  readonly #pruned: number[] = []

  constructor(database: DatabaseSync) {
    this.#database = database
    const prepared = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])
    // The keys are those of `statements`.
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>
  }

  async append(rows: PlacedRow[]): Promise<{ left: PlacedRow[]; error?: unknown }> {
    try {
      inTransaction(this.#database, () => {
        for (const { subject, tier, at, data } of rows)
          this.#sql.add.run(
            ...[tier, slotOf(tier, at), this.#idOf(subject) ?? this.#addSubject(subject)],
            ...[Math.floor(at), data],
          )
      })
      return { left: [] }
    } catch (error) {
      // Their rows may have been taken back.
      this.#ids.clear()
      return { left: rows, error }
    }
  }

  async range(subject: string, tier: number, from: number, to: number): Promise<Row[]> {
    const id = this.#idOf(subject)
    if (id === undefined || from >= to) return []
    const found = this.#sql.range.all(...placeOf(id, tier, from, to)).map((row) => {
      const data = row['data'] as Uint8Array // the column is a blob
      return { at: Number(row['at']), data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }
    })
    return found.sort((a, b) => a.at - b.at)
  }

  async lastAt(subject: string, tier: number, from: number, to: number): Promise<number | null> {
    const id = this.#idOf(subject)
    const at = id === undefined ? null : this.#sql.last.get(...placeOf(id, tier, from, to))?.['at']
    return typeof at === 'number' ? at : null
  }

  /** That of all subjects at once, since they are kept for equally long. What is more than some goes the next time. */
  prune(_subject: string, tier: number, before: number): void {
    const slot = slotOf(tier, before)
    if (this.#pruned[tier] === slot) return
    for (let removed = 0; removed < rowsAtOnce;) {
      const changes = Number(this.#sql.removeOldest.run(tier, slot).changes)
      if (changes === 0) {
        this.#pruned[tier] = slot
        return
      }
      removed += changes
    }
  }

  /** Forgets what is too old, and subjects that nobody adds to any more; in pieces. */
  async sweep(keepMs: number[], now: number): Promise<void> {
    for (const [tier, keep] of keepMs.entries()) {
      for (let left = true; left;) {
        await new Promise((resolve) => setImmediate(resolve))
        if (!this.#database.isOpen) return
        left = this.#sql.removeOldest.run(tier, slotOf(tier, now - keep)).changes !== 0
      }
    }
    this.#sql.removeSubjects.run()
    this.#ids.clear()
  }

  #idOf(subject: string): number | undefined {
    const known = this.#ids.get(subject)
    if (known !== undefined) return known
    const found = this.#sql.findSubject.get(subject)?.['id']
    if (typeof found !== 'number') return undefined
    this.#ids.set(subject, found)
    return found
  }

  #addSubject(subject: string): number {
    const id = Number(this.#sql.addSubject.run(subject).lastInsertRowid)
    this.#ids.set(subject, id)
    return id
  }
}

function slotOf(tier: number, at: number): number {
  return Math.floor(at / (slotMs[tier] ?? namesPeriodMs))
}

function placeOf(subject: number, tier: number, from: number, to: number): number[] {
  const [first, last] = [Math.ceil(from), Math.ceil(to)]
  return [slotOf(tier, first), slotOf(tier, last - 1), tier, subject, first, last]
}
