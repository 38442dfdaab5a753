import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type StatementSync } from 'node:sqlite'
import type {
  AppendOptions,
  AppendResult,
  Batch,
  BatchOptions,
  Change,
  EventLog,
  NewEvent,
  Page,
  Position,
  StreamSummary,
} from './EventLog.ts'
import { createEpoch, createTicket, cutBatch, readFrameId, toBatch } from './frame.ts'
import { LocalView } from './LocalView.ts'
import { toSqliteError } from './sqliteError.ts'
import { openDatabase, statements } from './sqliteSchema.ts'

interface StreamRow {
  id: number
  epoch: string
  head: number
  /** Bytes of all frames ever appended: the `start` of the next entry. */
  bytes: number
}

const none: Position = { epoch: '', seq: 0 }
const pageBytes = 1024 * 1024

/**
 * The embedded log: one SQLite file, `log.sqlite` in the data folder, for one process. An append is one row with
 * the frames of its events. Without `relaxed` it is on the disk (WAL, `synchronous=FULL`) when it resolves; with
 * it, it outlives this process but not a power cut until the next durable append, whose sync covers it too.
 */
export class SqliteEventLog implements EventLog {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #sql: Record<keyof typeof statements, StatementSync>
  readonly #view: LocalView
  #durable = true

  /** Throws `log_unavailable` with a sentence when the file is in use, damaged, or cannot be written. */
  constructor(dataDir: string) {
    this.#path = join(dataDir, 'log.sqlite')
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      this.#database = openDatabase(this.#path)
    } catch (error) {
      throw toSqliteError(error, this.#path)
    }
    const prepared = Object.entries(statements).map(([name, sql]) => [name, this.#database.prepare(sql)])
    // The keys are those of `statements`.
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>
    this.#view = new LocalView({
      head: async (stream) => this.#readHead(stream),
      page: async (stream, after, limit) => this.#readPage(stream, after, limit),
    })
  }

  append(stream: string, expected: Position, events: NewEvent[], options: AppendOptions = {}) {
    const epoch = expected.epoch === '' || options.newEpoch === true ? createEpoch() : expected.epoch
    const batch = toBatch(epoch, expected.seq, events)
    return this.appendBatch(stream, expected, batch, { ...options, ticket: createTicket() })
  }

  async appendBatch(
    stream: string,
    expected: Position,
    batch: Batch,
    options: BatchOptions,
  ): Promise<AppendResult> {
    const result = this.#guard(() => this.#store(stream, expected, batch, options))
    if (result.ok) this.#view.stored(stream, batch)
    return result
  }

  head(stream: string): Promise<Position> {
    return this.#view.head(stream)
  }

  page(stream: string, after: number, limit: number): Promise<Page> {
    return this.#view.page(stream, after, limit)
  }

  follow(stream: string, from: Position, listener: (change: Change) => void): () => void {
    return this.#view.follow(stream, from, listener)
  }

  announce(stream: string, batch: Batch): void {
    this.#view.announce(stream, batch)
  }

  withdraw(stream: string): void {
    this.#view.withdraw(stream)
  }

  async streams(prefix: string, limit: number, before?: string): Promise<StreamSummary[]> {
    const until = before === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(before)
    const rows = this.#guard(() => this.#sql.list.all({ prefix, until, last: limit - 1 }))
    return rows.map((row) => ({
      stream: String(row['name']),
      epoch: String(row['epoch']),
      head: Number(row['head']),
      updated: new Date(Number(row['updated'])).toISOString(),
    }))
  }

  async remove(stream: string): Promise<void> {
    this.#guard(() => {
      const row = this.#find(stream)
      if (row === undefined) return
      this.#transaction(() => {
        this.#sql.removeEntries.run(row.id)
        this.#sql.removeStream.run(row.id)
      })
    })
    this.#view.withdraw(stream)
    this.#view.check(stream, none)
  }

  async ping(): Promise<void> {
    this.#guard(() => this.#sql.ping.get())
  }

  async close(): Promise<void> {
    this.#view.close()
    if (this.#database.isOpen) this.#database.close()
  }

  #store(stream: string, expected: Position, batch: Batch, options: BatchOptions): AppendResult {
    const row = this.#find(stream)
    const { epoch, head } = row ?? { epoch: '', head: 0 }
    if (epoch !== expected.epoch || head !== expected.seq) {
      if (row !== undefined && this.#isStored(row, batch, options.ticket)) return { ok: true, batch }
      const lost = expected.epoch !== '' && (epoch !== expected.epoch || expected.seq > head)
      return { ok: false, reason: lost ? 'lost' : 'conflict', epoch, head }
    }
    this.#setDurable(options.relaxed !== true)
    this.#transaction(() => {
      if (row !== undefined && batch.epoch !== epoch) this.#sql.relabel.run(relabelling(row, batch.epoch))
      this.#insert(stream, row, batch, options)
    })
    return { ok: true, batch }
  }

  #insert(stream: string, row: StreamRow | undefined, batch: Batch, options: BatchOptions): void {
    const { epoch, first, last, frames } = batch
    const now = Date.now()
    const id = row?.id ?? Number(this.#sql.createStream.run(stream, epoch).lastInsertRowid)
    const start = row?.bytes ?? 0
    this.#sql.insertEntry.run(id, last, first, start, options.ticket, frames)
    this.#sql.moveHead.run(epoch, last, start + frames.length, now, id)
    if (options.keep !== undefined) this.#sql.trim.run(id, last - options.keep)
  }

  #isStored(row: StreamRow, batch: Batch, ticket: string): boolean {
    return row.epoch === batch.epoch && this.#sql.findTicket.get(row.id, batch.last, ticket) !== undefined
  }

  #readHead(stream: string): Position {
    const row = this.#guard(() => this.#find(stream))
    return row === undefined ? none : { epoch: row.epoch, seq: row.head }
  }

  #readPage(stream: string, after: number, limit: number): Page {
    const row = this.#guard(() => this.#find(stream))
    if (row === undefined) return { epoch: '', head: 0, trimmedTo: 0, batch: null }
    const oldest = this.#guard(() => this.#sql.oldest.get(row.id))
    const trimmedTo = Number(oldest?.['first'] ?? 1) - 1
    const from = Math.max(after, trimmedTo)
    const { epoch, head } = row
    if (from >= head) return { epoch, head, trimmedTo, batch: null }
    const batch = this.#guard(() => this.#readEntries(row, from, Math.min(head, from + limit)))
    return { epoch, head, trimmedTo, batch: cutBatch(batch, from, limit) }
  }

  /** The entries from the one that holds `after + 1` to the one that holds `until`, at most about `pageBytes`. */
  #readEntries({ id, epoch }: StreamRow, after: number, until: number): Batch {
    const span = this.#sql.pageSpan.get({ id, after, until })
    const end = Number(span?.['begin']) + pageBytes
    let last = Number(span?.['last'])
    if (Number(span?.['start']) >= end)
      last = Number(this.#sql.pageEnd.get({ id, after, last, end })?.['last'])
    // The column is CAST to a blob, which arrives as bytes.
    const bytes = this.#sql.page.get({ id, after, last })?.['frames'] as Uint8Array
    const frames = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return { epoch, first: readFrameId(frames).seq, last, frames }
  }

  #find(stream: string): StreamRow | undefined {
    // The columns are those of `statements.find`, which no one else writes.
    return this.#sql.find.get(stream) as StreamRow | undefined
  }

  #setDurable(durable: boolean): void {
    if (this.#durable === durable) return
    this.#database.exec(`PRAGMA synchronous=${durable ? 'FULL' : 'NORMAL'}`)
    this.#durable = durable
  }

  #transaction(work: () => void): void {
    this.#sql.begin.run()
    try {
      work()
      this.#sql.commit.run()
    } catch (error) {
      // Some errors have rolled back already.
      if (this.#database.isTransaction) this.#sql.rollback.run()
      throw error
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw toSqliteError(error, this.#path)
    }
  }
}

const relabelling = (row: StreamRow, epoch: string) => ({
  id: row.id,
  old: `id: ${row.epoch}.`,
  new: `id: ${epoch}.`,
})
