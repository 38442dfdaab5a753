import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Heartbeat } from '#app/lease/Heartbeat.ts'
import type { Logger } from '#app/logger.ts'
import type { SessionStore } from '#app/session/SessionStore.ts'
import { closeTurn } from './closeTurn.ts'
import type { TurnTask } from './TurnDeps.ts'

export interface TakeOverDeps {
  log: EventLog
  store: SessionStore
  heartbeat: Heartbeat
  replica: string
  /** Runs a turn in this process; harmless when it does so already. */
  start: (task: TurnTask) => void
  isRunning: (turn: string) => boolean
  /** A turn was closed instead of being run. */
  onClosed: (sessionId: string) => void
  logger: Logger
  now: () => Date
}

const pageSize = 200
/** Every how many looks all sessions are looked at, not only those that changed last. */
const fullLookEvery = 12
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
  let looks = 0
  /** Where each session stood when no turn ran in it: it is not read again until it has moved. */
  const quiet = new Map<string, string>()
  return async () => {
    const full = looks++ % fullLookEvery === 0
    try {
      if (deps.now().getTime() < notBefore) return await deps.log.ping()
      for (let before: string | undefined; ;) {
        const page = await deps.log.streams('session:', pageSize, before)
        for (const { stream, epoch, head } of page) {
          const place = `${epoch}.${head}`
          if (quiet.get(stream) === place) continue
          if (await takeOverIfLeft(deps, stream.slice('session:'.length))) quiet.set(stream, place)
          else quiet.delete(stream)
        }
        before = page.at(-1)?.updated
        if (!full || page.length < pageSize || before === undefined) break
      }
    } catch (err) {
      looks = 0
      notBefore = deps.now().getTime() + heartbeatLifeMs
      deps.logger.debug({ err }, 'no look at left turns: the log is away')
    }
  }
}

/** Returns whether no turn runs in the session. */
async function takeOverIfLeft(deps: TakeOverDeps, sessionId: string): Promise<boolean> {
  const { store, replica } = deps
  const { activity } = (await store.fold(sessionId)).state
  if (activity.state !== 'running') return true
  const { turn, owner } = activity
  if (owner === replica ? deps.isRunning(turn) : await deps.heartbeat.alive(owner)) return false
  const logger = deps.logger.child({ session: sessionId, turn })
  if (owner !== replica) {
    const reason = `Replica ${owner} is gone; ${replica} goes on with the turn.`
    // Losing the race to another replica is no trouble: it finishes the turn.
    try {
      await store.execute(sessionId, { type: 'takeOver', from: owner, to: replica, reason })
    } catch (err) {
      logger.debug({ err }, 'another replica was faster')
      return false
    }
    logger.warn({ from: owner }, 'turn taken over')
  }
  if (activity.takeovers >= maxTakeovers && activity.cancelledBy === undefined) {
    const error = `The turn was left behind ${maxTakeovers + 1} times and is not tried again.`
    await closeTurn(deps.log, store, {
      sessionId,
      turn,
      owner: replica,
      reason: 'interrupted',
      unfinished: 'Its end was not seen: the server stopped meanwhile.',
      last: [{ kind: 'error', turn, error, code: 'turn_interrupted' }],
    })
    deps.onClosed(sessionId)
  } else deps.start({ sessionId, turn })
  return false
}
