/** What a writer hands in: one event without `id` and `at`; `kind` comes first in the JSON that is stored. */
export interface NewEvent {
  kind: string
  [field: string]: unknown
}

/** An event as it stands in the log: `id` is its seq, `at` is ISO 8601 in UTC. */
export interface StoredEvent extends NewEvent {
  id: number
  at: string
}

/** A place in a stream. `epoch` is '' and `seq` 0 for a stream that does not exist yet. */
export interface Position {
  epoch: string
  seq: number
}

/**
 * A contiguous run of events `first…last` of one epoch. `frames` is their stored form, which is exactly what
 * an SSE client receives: per event `id: <epoch>.<seq>\ndata: <json>\n\n`. JSON holds no raw newline, so the
 * run can be cut at blank lines and joined by concatenation, without parsing.
 */
export interface Batch {
  epoch: string
  first: number
  last: number
  frames: Buffer
}

/** `batch` is null when nothing lies after the asked position. `trimmedTo` is the last seq that was trimmed away, 0 if none. */
export interface Page {
  epoch: string
  head: number
  trimmedTo: number
  batch: Batch | null
}

/**
 * `conflict`: the head is not where the writer believed; read what came in between, decide again.
 * `lost`: the writer's position lies above the head or in another epoch: storage lost data.
 */
export type AppendResult =
  { ok: true; batch: Batch } | { ok: false; reason: 'conflict' | 'lost'; epoch: string; head: number }

export interface AppendOptions {
  /** Oldest events beyond about this many are trimmed; without it a stream is never trimmed. */
  keep?: number
  /** Begin a new epoch: what is left of the stream is numbered as before and re-labelled. Used after a proven loss. */
  newEpoch?: boolean
  /**
   * These events may be lost by a power cut (not by the end of this process) until the next append without this
   * flag is done. For text, which can be said again; never for facts. Redis keeps to its own `appendfsync`.
   */
  relaxed?: boolean
}

export interface BatchOptions extends AppendOptions {
  /** From `createTicket`, and the same for every attempt to append this batch: by it a retry is known, and appends once. */
  ticket: string
}

export type Change =
  /**
   * New events, contiguous with what this follower was told before; only where trimming took what lay between
   * does `first` leave a gap.
   */
  | { type: 'batch'; batch: Batch }
  /**
   * The storage lost what was told before: forget it and page from seq 0 up to `head`; the batches that follow
   * begin after `head`. `head` 0 and epoch '' when the whole stream is gone.
   */
  | { type: 'reset'; epoch: string; head: number; reason: string }

export interface StreamSummary {
  stream: string
  epoch: string
  head: number
  /** When the last event was appended, ISO 8601 in UTC. */
  updated: string
}

/**
 * Append-only streams with compare-and-append, the only concurrency primitive of the product.
 * Stream names are `session:<id>`, `vm:<name>`, `board`, … (`[a-z]+(:[A-Za-z0-9._-]+)*`).
 * Every method throws `AppError('log_unavailable')` when the storage cannot be reached in time.
 */
export interface EventLog {
  /**
   * Appends all `events` or none, if the stream's position is exactly `expected`. A stream begins with
   * `expected` = `{epoch: '', seq: 0}`. A retry after a lost answer appends once.
   */
  append(
    stream: string,
    expected: Position,
    events: NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult>

  /**
   * `append` for a writer that numbers, dates and labels its events itself (`LogWriter`): `batch.first` is
   * `expected.seq + 1`; `batch.epoch` is `expected.epoch`, or a fresh one where a stream or an epoch begins.
   */
  appendBatch(stream: string, expected: Position, batch: Batch, options: BatchOptions): Promise<AppendResult>

  /**
   * Shows followers, pages and heads in this process what a writer holds while the storage is away, contiguous
   * with what was stored or announced before. The append that follows tells followers nothing twice.
   */
  announce(stream: string, batch: Batch): void

  /** Takes back what was announced and is not stored; followers that were told of it get `reset`. */
  withdraw(stream: string): void

  /** Where the stream stands: `{epoch: '', seq: 0}` when it does not exist. */
  head(stream: string): Promise<Position>

  /** Events after `after`, at most `limit` and about 1 MiB (a page may hold fewer, never zero while more exist). */
  page(stream: string, after: number, limit: number): Promise<Page>

  /**
   * Tells every change after `from`, in order, without holes or repeats, until the returned function is called.
   * Survives restarts of the storage. Never throws; the listener must not throw.
   */
  follow(stream: string, from: Position, listener: (change: Change) => void): () => void

  /**
   * Streams whose name begins with `prefix` (a whole first word at least: `session:`, `board`), most recently
   * appended first. `before` is an exclusive `updated` for paging; streams of one and the same `updated` come on
   * one page, which then holds more than `limit`.
   */
  streams(prefix: string, limit: number, before?: string): Promise<StreamSummary[]>

  /** Removes a stream for good (its followers are told `reset` with head 0). */
  remove(stream: string): Promise<void>

  /** Resolves when the storage answers; rejects with `log_unavailable` otherwise. */
  ping(): Promise<void>

  close(): Promise<void>
}
