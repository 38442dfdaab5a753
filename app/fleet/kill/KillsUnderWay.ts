/** The kills that were sent and have not been answered yet, by host. */
export class KillsUnderWay {
  readonly #running = new Map<string, Set<Promise<unknown>>>()

  add<T>(host: string, kill: Promise<T>): Promise<T> {
    const all = this.#running.get(host) ?? new Set()
    this.#running.set(host, all.add(kill))
    const isOver = () => {
      all.delete(kill)
      if (all.size === 0 && this.#running.get(host) === all) this.#running.delete(host)
    }
    kill.then(isOver, isOver)
    return kill
  }

  /** Runs it when none is under way on this host, which may be now. */
  whenOver(host: string, run: () => void): void {
    const all = this.#running.get(host)
    if (all === undefined) run()
    else void Promise.allSettled(all).then(() => this.whenOver(host, run))
  }

  /** When none is under way any more. Each ends by its own time-out. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].flatMap((all) => [...all]))
  }
}
