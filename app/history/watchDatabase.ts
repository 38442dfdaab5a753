import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const version = 2

/**
 * `rows` are the ladder's (see `SqliteRows`); `subject` is the id of a host's name, so that the name is not in each of
 * them. Figures of the first version are given up.
 */
const schema = `
  DROP TABLE IF EXISTS rows;
  CREATE TABLE IF NOT EXISTS subjects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE rows (
    tier INTEGER NOT NULL, slot INTEGER NOT NULL, subject INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (tier, slot, subject, at)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS documents (kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (kind, name));
  PRAGMA user_version = ${version};
`

/**
 * Opens or creates the file and locks it for this process; `:memory:` is none. What a power cut may lose are the last
 * seconds. Throws what SQLite throws, or a plain sentence.
 */
export function openWatchDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { timeout: 1000 })
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL')
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (found > version) throw new Error('it was written by a newer version of Breakglass')
    database.exec('BEGIN EXCLUSIVE')
    if (found < version) database.exec(schema)
    database.exec('COMMIT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** All or nothing. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    // Some errors have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
