import type { Shares, SharesListener } from './Shares.ts'

/** With one process all is its own. */
export class SoloShares implements Shares {
  readonly shared = false
  #listener: SharesListener | undefined

  start(listener: SharesListener): void {
    this.#listener = listener
    listener.onChange()
  }

  owns(): boolean {
    return this.#listener !== undefined
  }

  confirms(): boolean {
    return true
  }

  ask(what: string, names: string[]): void {
    this.#listener?.onAsk(what, names)
  }

  async stop(): Promise<void> {
    this.#listener = undefined
  }
}
