import type { SessionDraft } from '#app/schema/events.ts'
import { emptySession, evolve } from '#app/session/evolve.ts'
import { closeTurn, closingOf, type Closing } from './closeTurn.ts'
import { Deadline } from './Deadline.ts'
import { runSteps } from './runSteps.ts'
import type { TurnDeps, TurnTask } from './TurnDeps.ts'
import { TurnLog } from './TurnLog.ts'

/** Working time: what an operator takes to decide does not count. */
const maxTurnMs = 15 * 60_000

/**
 * Runs one turn to its end, from wherever its log says that it stands: a fresh prompt and a turn that another
 * process left behind are the same thing. Never throws; every way out ends in an event, except where another
 * replica owns the turn now, or the log is gone for good.
 */
export async function runTurn(
  deps: TurnDeps,
  task: TurnTask,
  onBegin: (turnLog: TurnLog) => void = () => undefined,
): Promise<void> {
  const { log, store, replica, now } = deps
  const logger = deps.logger.child({ session: task.sessionId, turn: task.turn })
  const { events, position } = await store.events(task.sessionId)
  const { activity } = events.reduce(evolve, emptySession)
  if (activity.state !== 'running' || activity.turn !== task.turn || activity.owner !== replica)
    return logger.info('turn is not ours to run')
  const turnLog = new TurnLog({ log, ...task, replica, events, position, now })
  onBegin(turnLog)
  const known = new Map<string, SessionDraft>()
  const deadline = new Deadline(maxTurnMs)
  const signal = AbortSignal.any([turnLog.signal, deadline.signal])
  try {
    // Stopped before it was begun, or while its last owner was gone.
    if (activity.cancelledBy !== undefined) return await end('cancelled', '')
    logger.info('turn runs')
    await runSteps({ ...deps, logger }, { ...task, turnLog, known, deadline, signal })
    logger.info('turn ended')
  } catch (error) {
    const reason = turnLog.stopReason
    if (reason === 'replaced') return logger.warn('turn was taken over by another replica: stopped here')
    if (reason === 'handed over') return logger.info('turn is left to whoever comes next')
    if (reason === null) logger.error({ err: error }, 'turn failed')
    const why = deadline.signal.aborted ? 'The turn took longer than 15 minutes.' : sentenceOf(error)
    await end(reason ?? 'failed', why)
  } finally {
    deadline.stop()
    await turnLog.close()
    deps.onWaiting(task.sessionId)
  }

  async function end(reason: 'cancelled' | 'failed', why: string): Promise<void> {
    const closing: Closing = {
      ...task,
      owner: replica,
      known,
      reason,
      unfinished: reason === 'cancelled' ? 'Stopped by the operator.' : why,
      last:
        reason === 'cancelled' ? [] : [{ kind: 'error', turn: task.turn, error: why, code: 'turn_failed' }],
    }
    try {
      await turnLog.store(...closingOf(turnLog.events, closing))
    } catch {
      // Others appended in between, which is how most stops come: the log as it stands now has the last word.
      await turnLog.close()
      await closeTurn(log, store, closing).catch((err: unknown) =>
        logger.error({ err }, 'turn could not be closed'),
      )
    }
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The turn failed for a reason that it did not tell.'
}
