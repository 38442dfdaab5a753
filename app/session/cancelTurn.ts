import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '#app/errors.ts'
import type { Done, SessionStore } from './SessionStore.ts'

export interface CancelDeps {
  store: SessionStore
  /** Stops the session's turn if it runs in this process; needs no log. */
  cancelHere: (sessionId: string, by: string) => boolean
}

/** How long the log may take before a turn that runs here is stopped without it, and before there is an answer. */
const stopHereMs = 300
const answerMs = 900

/**
 * Stops the session's turn, or throws, within a second. `events` is 0 when there was nothing to stop any more. With
 * the log away or hanging, a turn that runs in this process is stopped all the same; both ways may then end in an
 * append, of which only one succeeds: its owner goes by what is stored first, as does a command.
 */
export async function cancelTurn(
  { store, cancelHere }: CancelDeps,
  sessionId: string,
  by: string,
): Promise<{ cancelled: boolean; events: number }> {
  const givenUp = new AbortController()
  const stored = store.execute(sessionId, { type: 'cancel', by }, givenUp.signal)
  try {
    let done = await within(stored, stopHereMs)
    if (done === 'away' && cancelHere(sessionId, by)) return { cancelled: true, events: 1 }
    if (done === 'away') done = await within(stored, answerMs - stopHereMs)
    if (done === 'away')
      throw new AppError(
        'log_unavailable',
        'The log does not answer: it is not known whether the turn stops.',
      )
    const { activity } = done.state
    const cancelled = activity.state === 'running' && activity.cancelledBy !== undefined
    return { cancelled, events: done.events }
  } finally {
    // The next turn must not be met by a stop that was meant for this one.
    givenUp.abort()
  }
}

/** `away` when the log refuses, or does not answer in time. */
async function within(stored: Promise<Done>, limitMs: number): Promise<Done | 'away'> {
  const answered = new AbortController()
  const late = sleep(limitMs, 'away' as const, { signal: answered.signal })
  late.catch(() => undefined)
  try {
    return await Promise.race([stored, late])
  } catch (error) {
    if (error instanceof AppError && error.code === 'log_unavailable') return 'away'
    throw error
  } finally {
    answered.abort()
  }
}
