import type { TurnLog } from './TurnLog.ts'
import { runTurn, type TurnDeps, type TurnTask } from './runTurn.ts'

/** The turns that this process runs. They are detached: no client's coming or going touches them. */
export class TurnRunner {
  readonly #deps: TurnDeps
  readonly #running = new Map<string, Promise<void>>()
  readonly #logs = new Map<string, TurnLog>()
  #draining = false

  constructor(deps: TurnDeps) {
    this.#deps = deps
  }

  /** Starts the turn unless this process runs it already, or is on its way out. */
  start(task: TurnTask): void {
    if (this.#draining || this.#running.has(task.turn)) return
    const run = runTurn(this.#deps, task, (turnLog) => this.#logs.set(task.sessionId, turnLog))
      .catch((err: unknown) => this.#deps.logger.error({ err, ...task }, 'turn could not run'))
      .finally(() => {
        this.#running.delete(task.turn)
        this.#logs.delete(task.sessionId)
      })
    this.#running.set(task.turn, run)
  }

  /** Stops the session's turn where it runs in this process, with the log away too. Returns whether it does. */
  cancel(sessionId: string, by: string): boolean {
    const turnLog = this.#logs.get(sessionId)
    turnLog?.cancelHere(by)
    return turnLog !== undefined
  }

  isRunning(turn: string): boolean {
    return this.#running.has(turn)
  }

  /**
   * Waits until all turns have ended, at most `limitMs`. What still runs then is left as it stands in the
   * log: whoever starts next finishes it. Returns how many those are.
   */
  async drain(limitMs: number): Promise<number> {
    this.#draining = true
    const timeout = new AbortController()
    const limit = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      timeout.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    await Promise.race([Promise.allSettled(this.#running.values()), limit])
    timeout.abort()
    return this.#running.size
  }
}
