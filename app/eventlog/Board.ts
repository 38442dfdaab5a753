import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '#app/errors.ts'
import type { Logger } from '#app/logger.ts'
import type { PendingApproval, Session, Vm } from '#app/schema/api.ts'
import type { Alert, Host } from '#app/schema/fleet.ts'
import type { EventLog, Position } from './EventLog.ts'

export const boardStream = 'board'

/** What each kind of the board's events carries as `data`: always what is true now, never a difference. */
export type BoardEvent =
  | { kind: 'session_update'; data: Session }
  | { kind: 'approval_pending'; data: PendingApproval }
  | { kind: 'vm_update'; data: Vm }
  | { kind: 'hosts_update'; data: Host[] }
  | { kind: 'alert_new' | 'alert_changed'; data: Alert }
  | { kind: 'alert_cleared'; data: { id: string } }

/** What is true now of one thing, as the board tells it; [] when there is nothing to tell. */
export type ReadNow = () => Promise<BoardEvent[]>

interface Waiting {
  read: ReadNow
  onTold: (() => void) | undefined
}

export interface Board {
  /**
   * Something about the thing of this name has changed: it is read and told soon. Returns at once and never throws;
   * told again meanwhile, it is read once. `onTold` is called once what was read is in the log, and not at all for what
   * was told again before that.
   */
  tell: (name: string, read: ReadNow, onTold?: () => void) => void
  /** Tells what waits if the log answers now, and nothing more. */
  close: () => Promise<void>
}

/**
 * Events that the log keeps. Who missed more reads the snapshots anyway. A host may take 100 kB of it, and whoever owns a
 * tmux session can make news of its host: it is this number that bounds what that costs.
 */
const kept = 2_000
const mostQueued = 2_000
const mostAtOnce = 50
/** What changes does so several times in a row. */
const gatherMs = 100
const retryMs = 1_000
const closeMs = 1_000

/**
 * The writer of the board, one for each replica. What waits are names: a thing is read when it is written, after the
 * place where it will stand is known, and read again when another replica came in between. So nothing that is told
 * is older than what was told before it. An append whose answer was lost may be told twice.
 */
export function createBoard(log: Pick<EventLog, 'append'>, logger: Pick<Logger, 'debug'>): Board {
  const queue = new Map<string, Waiting>()
  const closed = new AbortController()
  let position: Position = { epoch: '', seq: 0 }
  let running: Promise<void> | null = null

  async function writeAll(): Promise<void> {
    await pause(gatherMs)
    while (queue.size > 0) {
      try {
        await writeSome()
      } catch (error) {
        const waits = isAway(error)
        logger.debug({ err: error, waiting: queue.size }, waits ? 'the board waits' : 'the board drops')
        if (closed.signal.aborted) break
        // What can never be stored must not hold up what comes.
        if (!waits) queue.clear()
        await pause(retryMs)
      }
    }
    // At once: what is told from here on begins a run of its own.
    running = null
  }

  async function writeSome(): Promise<void> {
    const taken = [...queue].slice(0, mostAtOnce)
    const events = (await Promise.all(taken.map(([, { read }]) => readOrDrop(read)))).flat()
    if (events.length > 0) {
      const result = await log.append(boardStream, position, events, { keep: kept, relaxed: true })
      if (!result.ok) {
        // Another replica told something, or the log began anew: behind that.
        position = result.head === 0 ? { epoch: '', seq: 0 } : { epoch: result.epoch, seq: result.head }
        return
      }
      position = { epoch: result.batch.epoch, seq: result.batch.last }
    }
    // What was told again meanwhile has changed again.
    for (const [name, waiting] of taken) {
      if (queue.get(name) === waiting) queue.delete(name)
      waiting.onTold?.()
    }
  }

  /** What can never be read must not hold up the rest. */
  async function readOrDrop(read: ReadNow): Promise<BoardEvent[]> {
    try {
      return await read()
    } catch (error) {
      if (isAway(error)) throw error
      logger.debug({ err: error }, 'the board drops what cannot be read')
      return []
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: closed.signal, ref: false }).catch(() => undefined)
  }

  return {
    tell(name, read, onTold) {
      if (closed.signal.aborted) return
      queue.set(name, { read, onTold })
      const oldest = queue.keys().next()
      if (queue.size > mostQueued && !oldest.done) {
        queue.delete(oldest.value)
        logger.debug({ waiting: queue.size }, 'the board is full: the oldest change was dropped')
      }
      running ??= writeAll()
    },
    async close() {
      closed.abort()
      const given = new AbortController()
      const late = sleep(closeMs, undefined, { signal: given.signal }).catch(() => undefined)
      await Promise.race([running, late])
      given.abort()
    },
  }
}

function isAway(error: unknown): boolean {
  return error instanceof AppError && error.code === 'log_unavailable'
}
