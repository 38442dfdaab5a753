import type { Heartbeat } from './Heartbeat.ts'

/** With the embedded log there is one process: whoever else is named has ended. */
export class SoloHeartbeat implements Heartbeat {
  readonly #replica: string

  constructor(replica: string) {
    this.#replica = replica
  }

  start(): void {
    // Being asked is proof enough.
  }

  alive(replica: string): Promise<boolean> {
    return Promise.resolve(replica === this.#replica)
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }
}
