import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '#app/errors.ts'
import type { Logger } from '#app/logger.ts'
import type { PendingApproval, Session } from '#app/schema/api.ts'
import type { EventLog, NewEvent, Position } from './EventLog.ts'

export const boardStream = 'board'

/** What each kind of the board's events carries as `data`: always what is true now, never a difference. */
export interface BoardData {
  session_update: Session
  approval_pending: PendingApproval
}

export interface Board {
  /** Queued and told soon, in order; returns at once and never throws. */
  tell: <K extends keyof BoardData>(kind: K, data: BoardData[K]) => void
  /** Tells nothing more; what waits is dropped. */
  close: () => Promise<void>
}

/** Events that the log keeps. Who missed more reads the snapshots anyway. */
const kept = 10_000
const mostQueued = 500
const mostAtOnce = 100
const retryMs = 1_000

/**
 * The writer of the board, one for each replica. What it tells is comfort: clients read snapshots when they attach,
 * so the newest update of a session takes the place of one that still waits, the oldest is dropped when too many
 * wait, and an append whose answer was lost may be told twice.
 */
export function createBoard(log: Pick<EventLog, 'append'>, logger: Pick<Logger, 'debug'>): Board {
  const queue = new Map<string, NewEvent>()
  const end = new AbortController()
  let position: Position = { epoch: '', seq: 0 }
  let running: Promise<void> | null = null
  let told = 0

  async function writeAll(): Promise<void> {
    while (queue.size > 0 && !end.signal.aborted) {
      try {
        await writeSome()
      } catch (error) {
        const isAway = error instanceof AppError && error.code === 'log_unavailable'
        logger.debug({ err: error, waiting: queue.size }, isAway ? 'the board waits' : 'the board drops')
        // What can never be stored must not hold up the rest.
        if (!isAway) queue.clear()
        await sleep(retryMs, undefined, { signal: end.signal, ref: false }).catch(() => undefined)
      }
    }
    // At once: what is told from here on begins a run of its own.
    running = null
  }

  async function writeSome(): Promise<void> {
    const taken = [...queue].slice(0, mostAtOnce)
    const events = taken.map(([, event]) => event)
    const result = await log.append(boardStream, position, events, { keep: kept, relaxed: true })
    if (!result.ok) {
      // Another replica told something, or the log began anew: behind that.
      position = result.head === 0 ? { epoch: '', seq: 0 } : { epoch: result.epoch, seq: result.head }
      return
    }
    position = { epoch: result.batch.epoch, seq: result.batch.last }
    for (const [key, event] of taken) if (queue.get(key) === event) queue.delete(key)
  }

  return {
    tell(kind, data) {
      if (end.signal.aborted) return
      const key = kind === 'session_update' ? data.session_id : String(told++)
      // Behind all that waits: it must not overtake what led to it.
      queue.delete(key)
      queue.set(key, { kind, data })
      const oldest = queue.keys().next()
      if (queue.size > mostQueued && !oldest.done) {
        queue.delete(oldest.value)
        logger.debug({ waiting: queue.size }, 'the board is full: the oldest update was dropped')
      }
      running ??= writeAll()
    },
    async close() {
      end.abort()
      await running
    },
  }
}
