import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Change, DocumentStore } from './GatheredDocuments.ts'
import { inTransaction } from './watchDatabase.ts'

/** Documents in the embedded database. */
export class SqliteDocuments implements DocumentStore {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #remove: StatementSync
  readonly #all: StatementSync
  readonly #one: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#put = database.prepare(
      `INSERT INTO documents (kind, name, text) VALUES (?, ?, ?)
       ON CONFLICT (kind, name) DO UPDATE SET text = excluded.text`,
    )
    this.#remove = database.prepare(`DELETE FROM documents WHERE kind = ? AND name = ?`)
    this.#all = database.prepare(`SELECT name, text FROM documents WHERE kind = ?`)
    this.#one = database.prepare(`SELECT name, text FROM documents WHERE kind = ? AND name = ?`)
  }

  async write(changes: Change[]): Promise<void> {
    inTransaction(this.#database, () => {
      for (const { kind, name, text } of changes) {
        if (text === null) this.#remove.run(kind, name)
        else this.#put.run(kind, name, text)
      }
    })
  }

  async read(kind: string, names?: string[]): Promise<Map<string, string>> {
    const rows = names ? names.map((name) => this.#one.get(kind, name)) : this.#all.all(kind)
    return new Map(rows.flatMap((row) => (row ? [[String(row['name']), String(row['text'])] as const] : [])))
  }
}
