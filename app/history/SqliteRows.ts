import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { PlacedRow, Row, RowStore } from './RowStore.ts'
import { inTransaction } from './watchDatabase.ts'

const within = `subject = ? AND tier = ? AND at >= ? AND at < ?`
const statements = {
  findSubject: `SELECT id FROM subjects WHERE name = ?`,
  addSubject: `INSERT INTO subjects (name) VALUES (?)`,
  add: `INSERT OR REPLACE INTO rows (subject, tier, at, data) VALUES (?, ?, ?, ?)`,
  range: `SELECT at, data FROM rows WHERE ${within} ORDER BY at`,
  last: `SELECT max(at) AS at FROM rows WHERE ${within}`,
  prune: `DELETE FROM rows WHERE subject = ? AND tier = ? AND at < ?`,
  subjects: `SELECT id FROM subjects`,
  isEmpty: `SELECT 1 FROM rows WHERE subject = ? LIMIT 1`,
  removeSubject: `DELETE FROM subjects WHERE id = ?`,
}

/** The rows of the ladder in the embedded database. */
export class SqliteRows implements RowStore {
  readonly #database: DatabaseSync
  readonly #sql: Record<keyof typeof statements, StatementSync>
  readonly #ids = new Map<string, number>()

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
          this.#sql.add.run(this.#idOf(subject) ?? this.#addSubject(subject), tier, Math.floor(at), data)
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
    if (id === undefined) return []
    return this.#sql.range.all(id, tier, Math.ceil(from), Math.ceil(to)).map((row) => {
      const data = row['data'] as Uint8Array // the column is a blob
      return { at: Number(row['at']), data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }
    })
  }

  async lastAt(subject: string, tier: number, from: number, to: number): Promise<number | null> {
    const id = this.#idOf(subject)
    const at = id === undefined ? null : this.#sql.last.get(id, tier, Math.ceil(from), Math.ceil(to))?.['at']
    return typeof at === 'number' ? at : null
  }

  prune(subject: string, tier: number, before: number): void {
    const id = this.#idOf(subject)
    if (id !== undefined) this.#sql.prune.run(id, tier, Math.floor(before))
  }

  /** Forgets what is too old, also of subjects that nobody adds to any more; one after the other, in pieces. */
  async sweep(keepMs: number[], now: number): Promise<void> {
    for (const row of this.#sql.subjects.all()) {
      const id = Number(row['id'])
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#database.isOpen) return
      keepMs.forEach((keep, tier) => this.#sql.prune.run(id, tier, Math.floor(now - keep)))
      if (this.#sql.isEmpty.get(id)) continue
      this.#sql.removeSubject.run(id)
      this.#ids.clear()
    }
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
