import { runTurn, type TurnDeps, type TurnTask } from './runTurn.ts'

/** The turns that this process runs. They are detached: no client's coming or going touches them. */
export class TurnRunner {
  readonly #deps: TurnDeps
  readonly #running = new Map<string, Promise<void>>()

  constructor(deps: TurnDeps) {
    this.#deps = deps
  }

  /** Starts the turn unless this process runs it already. */
  start(task: TurnTask): void {
    if (this.#running.has(task.turn)) return
    const run = runTurn(this.#deps, task)
      .catch((err: unknown) => this.#deps.logger.error({ err, ...task }, 'turn could not run'))
      .finally(() => this.#running.delete(task.turn))
    this.#running.set(task.turn, run)
  }

  isRunning(turn: string): boolean {
    return this.#running.has(turn)
  }

  /**
   * Waits until all turns have ended, at most `limitMs`. What still runs then is left as it stands in the
   * log: whoever starts next finishes it. Returns how many those are.
   */
  async drain(limitMs: number): Promise<number> {
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
