import type { EventLog } from '#app/eventlog/EventLog.ts'
import { parseEvents, streamOf, type Folded, type SessionStore } from './SessionStore.ts'

/**
 * Waits until `turn` has ended, at most `waitMs` or until `signal` aborts. Returns the session as it stands
 * then, whether the turn has ended or not.
 */
export async function waitForTurn(
  log: EventLog,
  store: SessionStore,
  task: { sessionId: string; turn: string; waitMs: number; signal: AbortSignal },
): Promise<Folded> {
  const folded = await store.fold(task.sessionId)
  const { activity } = folded.state
  if (activity.state !== 'running' || activity.turn !== task.turn) return folded
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, task.waitMs)
  task.signal.addEventListener('abort', () => over.resolve(), { once: true })
  const unfollow = log.follow(streamOf(task.sessionId), folded.position, (change) => {
    const ended =
      change.type === 'reset' ||
      parseEvents(change.batch).some((event) => event.kind === 'turn_end' && event.turn === task.turn)
    if (ended) over.resolve()
  })
  await over.promise
  clearTimeout(timer)
  unfollow()
  return store.fold(task.sessionId)
}
