import type { Logger } from '#app/logger.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Provider } from '#app/provider/Provider.ts'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { emptySession, evolve } from '#app/session/evolve.ts'
import type { SessionStore } from '#app/session/SessionStore.ts'
import type { Registry } from '#app/tool/registry.ts'
import { closeTurn, closingOf, openCalls, type Closing } from './closeTurn.ts'
import { runCalls } from './runCalls.ts'
import { runStep } from './runStep.ts'
import { TurnLog } from './TurnLog.ts'

export interface TurnDeps {
  log: EventLog
  store: SessionStore
  /** The provider for a model's name. */
  providerOf: (model: string) => Provider
  tools: Registry
  /** Keeps an output that its event capped. */
  keepOutput: (sessionId: string, call: string, text: string) => Promise<void>
  replica: string
  now: () => Date
  logger: Logger
}

export interface TurnTask {
  sessionId: string
  turn: string
}

const maxSteps = 40
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
  const deadline = AbortSignal.timeout(maxTurnMs)
  const signal = AbortSignal.any([turnLog.signal, deadline])
  try {
    // Stopped before it was begun, or while its last owner was gone.
    if (activity.cancelledBy !== undefined) return await end('cancelled', '')
    logger.info('turn runs')
    await runSteps(deps, task, turnLog, known, signal)
    logger.info('turn ended')
  } catch (error) {
    const reason = turnLog.stopReason
    if (reason === 'replaced') return logger.warn('turn was taken over by another replica: stopped here')
    if (reason === null) logger.error({ err: error }, 'turn failed')
    const why = deadline.aborted ? 'The turn took longer than 15 minutes.' : sentenceOf(error)
    await end(reason ?? 'failed', why)
  } finally {
    await turnLog.close()
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
      await turnLog.finish(...closingOf(turnLog.events, closing))
    } catch {
      // Others appended in between, which is how most stops come: the log as it stands now has the last word.
      await turnLog.close()
      await closeTurn(log, store, closing).catch((err: unknown) =>
        logger.error({ err }, 'turn could not be closed'),
      )
    }
  }
}

async function runSteps(
  deps: TurnDeps,
  task: TurnTask,
  turnLog: TurnLog,
  known: Map<string, SessionDraft>,
  signal: AbortSignal,
): Promise<void> {
  const { turn } = task
  const begun = turnLog.events.find((event) => event.kind === 'user' && event.turn === turn)
  const session = turnLog.events.findLast((event) => event.kind === 'session')
  if (begun?.kind !== 'user' || session?.kind !== 'session')
    throw new Error('The turn has no beginning in its log.')
  const provider = deps.providerOf(session.model)
  for (let step = 0; step < maxSteps; step++) {
    signal.throwIfAborted()
    const open = openCalls(turnLog.events, turn)
    if (open.length > 0) {
      await runCalls(deps, { ...task, calls: open, turnLog, known, signal })
      continue
    }
    const end = await runStep(provider, turnLog, {
      agent: session.agent,
      target: session.target,
      ...(begun.preset === undefined ? {} : { preset: begun.preset }),
      prompt: begun.text,
      events: turnLog.events,
      turn,
      signal,
    })
    if (end.type === 'failure') throw new Error(end.message)
    if (end.reason === 'stop') {
      const result = {
        is_error: end.isError ?? false,
        result: spokenText(turnLog.events, turn),
        duration_ms: deps.now().getTime() - new Date(begun.at).getTime(),
      }
      await turnLog.finish({ kind: 'result', turn, ...result }, { kind: 'turn_end', turn, reason: 'done' })
      return
    }
  }
  throw new Error(`The turn did not end within ${maxSteps} steps.`)
}

function spokenText(events: SessionEvent[], turn: string): string {
  return events
    .flatMap((event) => (event.kind === 'text' && event.turn === turn ? [event.text] : []))
    .join('')
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The turn failed for a reason that it did not tell.'
}
