import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Heartbeat } from '#app/lease/Heartbeat.ts'
import type { Logger } from '#app/logger.ts'
import type { SessionStore } from '#app/session/SessionStore.ts'
import { closeTurn } from './closeTurn.ts'
import type { TurnTask } from './runTurn.ts'

export interface TakeOverDeps {
  log: EventLog
  store: SessionStore
  heartbeat: Heartbeat
  replica: string
  /** Runs a turn in this process; harmless when it does so already. */
  start: (task: TurnTask) => void
  isRunning: (turn: string) => boolean
  logger: Logger
  now: () => Date
}

const sessionsLooked = 200
/** A turn that was left behind this often is what kills its owners: it is closed instead. */
const maxTakeovers = 3
/** The life of a heartbeat: after the log was away, owners get this long to come back first. */
export const heartbeatLifeMs = 15_000

/**
 * Looks for running sessions whose owner is gone, takes each over and finishes its turn. Returns a function
 * to call again and again; it never throws.
 */
export function createTakeOver(deps: TakeOverDeps): () => Promise<void> {
  let notBefore = 0
  return async () => {
    try {
      if (deps.now().getTime() < notBefore) return await deps.log.ping()
      for (const { stream } of await deps.log.streams('session:', sessionsLooked)) {
        await takeOverIfLeft(deps, stream.slice('session:'.length))
      }
    } catch (err) {
      notBefore = deps.now().getTime() + heartbeatLifeMs
      deps.logger.debug({ err }, 'no look at left turns: the log is away')
    }
  }
}

async function takeOverIfLeft(deps: TakeOverDeps, sessionId: string): Promise<void> {
  const { store, replica } = deps
  const { activity } = (await store.fold(sessionId)).state
  if (activity.state !== 'running') return
  const { turn, owner } = activity
  if (owner === replica ? deps.isRunning(turn) : await deps.heartbeat.alive(owner)) return
  const logger = deps.logger.child({ session: sessionId, turn })
  if (owner !== replica) {
    const reason = `Replica ${owner} is gone; ${replica} goes on with the turn.`
    // Losing the race to another replica is no trouble: it finishes the turn.
    try {
      await store.execute(sessionId, { type: 'takeOver', from: owner, to: replica, reason })
    } catch (err) {
      return logger.debug({ err }, 'another replica was faster')
    }
    logger.warn({ from: owner }, 'turn taken over')
  }
  if (activity.cancelledBy !== undefined || activity.takeovers >= maxTakeovers) {
    const cancelled = activity.cancelledBy !== undefined
    const error = `The turn was left behind ${maxTakeovers + 1} times and is not tried again.`
    return closeTurn(deps.log, store, {
      sessionId,
      turn,
      owner: replica,
      reason: cancelled ? 'cancelled' : 'interrupted',
      unfinished: cancelled
        ? 'Stopped by the operator.'
        : 'Its end was not seen: the server stopped meanwhile.',
      last: cancelled ? [] : [{ kind: 'error', turn, error, code: 'turn_interrupted' }],
    })
  }
  deps.start({ sessionId, turn })
}
