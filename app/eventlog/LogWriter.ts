import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '#app/errors.ts'
import type { AppendResult, Batch, EventLog, NewEvent, Position, StoredEvent } from './EventLog.ts'
import { FencedError } from './FencedError.ts'
import { createEpoch, createTicket } from './frame.ts'
import { planRestore } from './planRestore.ts'
import { readSince } from './readSince.ts'
import { Recent } from './Recent.ts'
import { Tail } from './Tail.ts'

export interface LogWriterOptions {
  /** Events that others appended in between. `stop`: this writer drops what it holds and writes no more. */
  onForeign: (events: StoredEvent[]) => 'go on' | 'stop'
  /** `buffering`: the log is away, and what is written waits in memory, seen by this process only. */
  onState?: (state: 'writing' | 'buffering') => void
  /** How much may wait in memory, in bytes as stored; 8 MiB. */
  maxTailBytes?: number
}

type Refusal = Extract<AppendResult, { ok: false }>

const appendBytes = 256 * 1024
const recentBytes = 1024 * 1024
const backOff = (failures: number): number => Math.min(100 * 2 ** Math.min(failures, 4), 1000)

/**
 * The writer of one stream by the one who owns it. Order is always kept; one append is in flight at a time, and
 * what is written meanwhile goes into the next one. While the log is away it goes on in memory, and what it holds
 * is appended in order when the log is back, under the same numbers if nobody came in between.
 */
export class LogWriter {
  readonly #log: EventLog
  readonly #stream: string
  readonly #options: LogWriterOptions
  readonly #maxTailBytes: number
  readonly #tail: Tail
  readonly #recent = new Recent(recentBytes)
  readonly #end = new AbortController()
  /** Where the stream stands as far as this writer knows. */
  #position: Position
  /** The append under way, the same for every retry, for an earlier one may have got through. */
  #attempt: { batch: Batch; ticket: string } | undefined
  /** Items of the tail that were announced to this process. */
  #announced = 0
  /** The numbers in the tail are known to be wrong. */
  #stale = false
  #state: 'writing' | 'buffering' = 'writing'
  #running: Promise<void> | undefined
  #dated = { now: 0, at: '' }
  /** Why nothing is written any more: a `FencedError`, or a mistake of our own. */
  #fence: Error | undefined

  constructor(log: EventLog, stream: string, position: Position, options: LogWriterOptions) {
    this.#log = log
    this.#stream = stream
    this.#position = position
    this.#options = options
    this.#maxTailBytes = options.maxTailBytes ?? 8 * 1024 * 1024
    this.#tail = new Tail({
      epoch: position.epoch === '' ? createEpoch() : position.epoch,
      seq: position.seq,
    })
  }

  /**
   * Text: queued, never awaited. Ignored once this writer must not write any more; throws `log_unavailable` when
   * the log has been away for so long that the memory for it is full.
   */
  write(events: NewEvent[]): void {
    if (this.#fence === undefined && !this.#end.signal.aborted) this.#push(events, true)
  }

  /**
   * Facts: resolves with the position of the last one when it and all that was written before are stored. Rejects
   * with a `FencedError` when this writer must not write any more, with `log_unavailable` when the memory is full,
   * and with whatever else went wrong (a callback that throws, an unreadable log), which is the end of this writer.
   */
  async commit(events: NewEvent[]): Promise<Position> {
    this.#assertOpen()
    this.#push(events, false)
    return this.#lastStored()
  }

  /** Resolves when all that was written is stored; rejects as `commit` does, or when `signal` aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#lastStored(), aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Takes nothing more, writes what waits if the log answers now, and drops the rest: its commits reject. */
  async close(): Promise<void> {
    this.#end.abort()
    await this.#running
    this.#stop(new FencedError('closed'))
  }

  #push(events: NewEvent[], relaxed: boolean): void {
    if (this.#tail.bytes >= this.#maxTailBytes) {
      const size = Math.round(this.#maxTailBytes / 1024 / 1024)
      throw new AppError(
        'log_unavailable',
        `The log has been away for so long that the ${size} MiB kept for it are full.`,
      )
    }
    const at = this.#date()
    for (const event of events) this.#tail.push(event, at, relaxed)
    if (this.#state === 'buffering') this.#announce()
    this.#running ??= this.#run()
  }

  /** Many events are written in one millisecond, and a date takes longer to write than an event to queue. */
  #date(): string {
    const now = Date.now()
    if (now !== this.#dated.now) this.#dated = { now, at: new Date(now).toISOString() }
    return this.#dated.at
  }

  async #lastStored(): Promise<Position> {
    this.#assertOpen()
    const last = this.#tail.items.at(-1)
    if (last === undefined) return this.#position
    last.commit ??= Promise.withResolvers()
    return last.commit.promise
  }

  async #run(): Promise<void> {
    let failures = 0
    try {
      while (this.#tail.length > 0 && this.#fence === undefined) {
        const isLast = this.#end.signal.aborted
        try {
          await this.#step()
          failures = 0
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'log_unavailable')) throw error
          this.#setState('buffering')
          this.#announce()
          if (isLast) return
          await sleep(backOff(failures++), undefined, { signal: this.#end.signal }).catch(() => undefined)
        }
      }
    } catch (error) {
      this.#stop(error instanceof Error ? error : new Error(String(error)))
    } finally {
      // At once: what is pushed from here on must begin a run of its own.
      this.#running = undefined
    }
  }

  async #step(): Promise<void> {
    const batch = this.#tail.batch(0, appendBytes)
    if (batch === null) return
    this.#attempt ??= { batch, ticket: createTicket() }
    const attempt = this.#attempt
    const count = attempt.batch.last - attempt.batch.first + 1
    const relaxed = this.#tail.items.slice(0, count).every((item) => item.relaxed)
    const options = { ticket: attempt.ticket, relaxed }
    const result = await this.#log.appendBatch(this.#stream, this.#position, attempt.batch, options)
    if (result.ok) {
      this.#take(attempt.batch, count)
      return
    }
    this.#attempt = undefined
    this.#stale = true
    if (result.reason === 'conflict') await this.#meet()
    else await this.#restore(result)
    this.#stale = false
  }

  #take({ epoch, first, last }: Batch, count: number): void {
    this.#attempt = undefined
    this.#position = { epoch, seq: last }
    this.#announced = Math.max(0, this.#announced - count)
    const items = this.#tail.shift(count)
    this.#recent.add(items)
    items.forEach((item, i) => item.commit?.resolve({ epoch, seq: first + i }))
    this.#setState('writing')
  }

  /** Others appended: shows their events, and goes on behind them. */
  async #meet(): Promise<void> {
    this.#takeBack()
    const since = await readSince(this.#log, this.#stream, this.#position)
    if (since === null) {
      this.#stop(new FencedError('lost'))
      return
    }
    if (this.#options.onForeign(since.items.map((item) => item.event)) === 'stop') {
      this.#stop(new FencedError('replaced'))
      return
    }
    this.#recent.add(since.items)
    this.#position = since.position
    this.#tail.renumber(since.position)
  }

  /** The storage came back with less: gives it again what it lost, or begins a new epoch where that cannot be. */
  async #restore(found: Refusal): Promise<void> {
    const plan = await planRestore(this.#log, this.#stream, this.#position, found, this.#recent.items)
    if (plan === 'lost') {
      this.#stop(new FencedError('lost'))
      return
    }
    if (!plan.exact) {
      this.#takeBack()
      if (plan.foreign.length > 0 && this.#options.onForeign(plan.foreign) === 'stop') {
        this.#stop(new FencedError('replaced'))
        return
      }
    }
    const epoch = plan.exact ? this.#tail.epoch : createEpoch()
    this.#recent.drop(plan.exact ? plan.missing.length : this.#recent.items.length)
    this.#position = { epoch: found.epoch, seq: found.head }
    this.#tail.prepend(plan.missing, { epoch, seq: found.head })
    if (this.#announced > 0) this.#announced += plan.missing.length
  }

  #announce(): void {
    if (this.#stale || this.#fence !== undefined) return
    const batch = this.#tail.batch(this.#announced)
    if (batch === null) return
    this.#announced = this.#tail.length
    this.#log.announce(this.#stream, batch)
  }

  #takeBack(): void {
    if (this.#announced > 0) this.#log.withdraw(this.#stream)
    this.#announced = 0
  }

  #stop(why: Error): void {
    if (this.#fence !== undefined) return
    this.#fence = why
    this.#takeBack()
    for (const item of this.#tail.shift(this.#tail.length)) item.commit?.reject(this.#fence)
  }

  #assertOpen(): void {
    if (this.#fence !== undefined) throw this.#fence
    if (this.#end.signal.aborted) throw new FencedError('closed')
  }

  #setState(state: 'writing' | 'buffering'): void {
    if (this.#state === state) return
    this.#state = state
    this.#options.onState?.(state)
  }
}
