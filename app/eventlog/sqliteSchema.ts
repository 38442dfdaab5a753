import { DatabaseSync } from 'node:sqlite'

const version = 1

/**
 * `entries` holds one row per append; `start` counts the bytes of the stream before it, so that a page can be
 * bounded without reading it. `frames` are blobs of UTF-8 text.
 */
const schema = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
    head INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE entries (
    stream INTEGER NOT NULL, last INTEGER NOT NULL, first INTEGER NOT NULL, start INTEGER NOT NULL,
    ticket TEXT NOT NULL, frames BLOB NOT NULL, PRIMARY KEY (stream, last)
  ) WITHOUT ROWID;
  PRAGMA user_version = ${version};
`

const listed = `name >= :prefix AND name < :prefix || char(1114111) AND updated < :until`

export const statements = {
  begin: `BEGIN IMMEDIATE`,
  commit: `COMMIT`,
  rollback: `ROLLBACK`,
  ping: `SELECT 1`,
  find: `SELECT id, epoch, head, bytes FROM streams WHERE name = ?`,
  createStream: `INSERT INTO streams (name, epoch) VALUES (?, ?)`,
  insertEntry: `INSERT INTO entries (stream, last, first, start, ticket, frames) VALUES (?, ?, ?, ?, ?, ?)`,
  moveHead: `UPDATE streams SET epoch = ?, head = ?, bytes = ?, updated = ? WHERE id = ?`,
  trim: `DELETE FROM entries WHERE stream = ? AND last <= ?`,
  findTicket: `SELECT 1 FROM entries WHERE stream = ? AND last = ? AND ticket = ?`,
  oldest: `SELECT first FROM entries WHERE stream = ? ORDER BY last LIMIT 1`,
  /** The entry that holds event `until`, and where in bytes the page begins. */
  pageSpan: `
    SELECT last, start, (SELECT start FROM entries WHERE stream = :id AND last > :after ORDER BY last LIMIT 1) AS begin
    FROM entries WHERE stream = :id AND last >= :until ORDER BY last LIMIT 1`,
  /** The last entry that begins before byte `end`. */
  pageEnd: `SELECT max(last) AS last FROM entries WHERE stream = :id AND last > :after AND last <= :last AND start < :end`,
  // Only the key bounds the range: further conditions, or columns, would cost as much as the concatenation.
  page: `
    SELECT CAST(group_concat(frames, '') AS BLOB) AS frames FROM (
      SELECT frames FROM entries WHERE stream = :id AND last > :after AND last <= :last ORDER BY last)`,
  // JSON holds no raw newline, so a blank line before "id:" is always the border of two frames.
  relabel: `
    UPDATE entries SET frames = CAST(:new || replace(
      substr(CAST(frames AS TEXT), length(:old) + 1), char(10, 10) || :old, char(10, 10) || :new) AS BLOB)
    WHERE stream = :id`,
  list: `
    SELECT name, epoch, head, updated FROM streams WHERE ${listed} AND updated >= coalesce(
      (SELECT updated FROM streams WHERE ${listed} ORDER BY updated DESC LIMIT 1 OFFSET :last), 0)
    ORDER BY updated DESC, name`,
  removeEntries: `DELETE FROM entries WHERE stream = ?`,
  removeStream: `DELETE FROM streams WHERE id = ?`,
}

/** Opens or creates the file and locks it for this process; throws what SQLite throws, or a plain sentence. */
export function openDatabase(path: string): DatabaseSync {
  // A process that is just ending may still hold the lock.
  const database = new DatabaseSync(path, { timeout: 1000 })
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (found > version) throw new Error('it was written by a newer version of Breakglass')
    database.exec('BEGIN EXCLUSIVE')
    if (found === 0) database.exec(schema)
    database.exec('COMMIT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
