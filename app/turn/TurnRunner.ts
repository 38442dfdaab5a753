import type { TurnLog } from './TurnLog.ts'
import { runTurn } from './runTurn.ts'
import type { TurnDeps, TurnTask } from './TurnDeps.ts'

/** The turns that this process runs. They are detached: no client's coming or going touches them. */
export class TurnRunner {
  readonly #deps: Omit<TurnDeps, 'draining'>
  readonly #running = new Map<string, Promise<void>>()
  readonly #logs = new Map<string, TurnLog>()
  #draining = false

  constructor(deps: Omit<TurnDeps, 'draining'>) {
    this.#deps = deps
  }

  /** Starts the turn unless this process runs it already, or is on its way out. */
  start(task: TurnTask): void {
    if (this.#draining || this.#running.has(task.turn)) return
    let own: TurnLog | undefined
    const deps = { ...this.#deps, draining: () => this.#draining }
    const run = runTurn(deps, task, (turnLog) => {
      own = turnLog
      this.#logs.set(task.sessionId, turnLog)
    })
      .catch((err: unknown) => this.#deps.logger.error({ err, ...task }, 'turn could not run'))
      .finally(() => {
        this.#running.delete(task.turn)
        // The session's next turn may have begun.
        if (this.#logs.get(task.sessionId) === own) this.#logs.delete(task.sessionId)
      })
    this.#running.set(task.turn, run)
  }

  /** Stops the session's turn where it runs in this process, with the log away too. Returns whether it does. */
  cancel(sessionId: string, by: string): boolean {
    const turnLog = this.#logs.get(sessionId)
    turnLog?.cancelHere(by)
    return turnLog?.stopReason === 'cancelled'
  }

  isRunning(turn: string): boolean {
    return this.#running.has(turn)
  }

  /**
   * Waits until all turns have ended, at most `limitMs`. What still runs then, and at once what waits for an
   * operator, is left as it stands in the log: whoever starts next goes on with it. Returns how many those are.
   */
  async drain(limitMs: number): Promise<number> {
    this.#draining = true
    const waiting = [...this.#logs.values()].filter((turnLog) => turnLog.isWaiting)
    for (const turnLog of waiting) turnLog.handOver()
    const timeout = new AbortController()
    const limit = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      timeout.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    await Promise.race([Promise.allSettled(this.#running.values()), limit])
    timeout.abort()
    return this.#running.size + waiting.length
  }
}
