import type { PowerResult, Vm } from '#app/schema/api.ts'
import { readHostStatus, type HostStatus } from './hostAnswer.ts'

type Snapshot = Pick<Vm, 'state' | 'state_at' | 'wedged' | 'evidence' | 'locked' | 'busy'>

const freshForMs = 4_000
const waitAtMostMs = 3_000

/** The last reading of one VM, with its age, renewed when someone looks and it is old. */
export class VmWatch {
  readonly #read: () => Promise<PowerResult>
  readonly #now: () => Date
  #status: HostStatus | undefined
  #statusAt: string | null = null
  /** Why the newest attempt found nothing; undefined when it did. */
  #failure: string | undefined
  #attemptedAt = -Infinity
  #reading: Promise<void> | undefined

  /** `read` runs the verb `status`; it never throws. */
  constructor(read: () => Promise<PowerResult>, now: () => Date) {
    this.#read = read
    this.#now = now
  }

  /** Takes in what a `status` verb found, whoever asked for it. */
  take(result: PowerResult): void {
    const status = readHostStatus(result.stdout)
    this.#attemptedAt = this.#now().getTime()
    if (!status || result.exit_code === null) {
      this.#failure = result.stderr.trim() || 'The hypervisor did not say.'
      return
    }
    this.#failure = undefined
    this.#status = status
    this.#statusAt = this.#now().toISOString()
  }

  /** The next look reads anew. */
  invalidate(): void {
    this.#attemptedAt = -Infinity
  }

  /** A reading a few seconds old at most, or, if the hypervisor takes longer than 3 s, the last one with its age. */
  async look(): Promise<Snapshot> {
    if (this.#now().getTime() - this.#attemptedAt > freshForMs) {
      this.#reading ??= this.#read()
        .then((result) => this.take(result))
        .finally(() => (this.#reading = undefined))
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, waitAtMostMs)
      await Promise.race([this.#reading, promise])
      clearTimeout(timer)
    }
    return this.#snapshot()
  }

  #snapshot(): Snapshot {
    const status = this.#status
    const notReadSince = this.#failure && `It could not be read since: ${this.#failure}`
    if (!status) {
      const evidence = this.#failure ?? 'The hypervisor has not answered yet.'
      return { state: 'unknown', state_at: null, evidence }
    }
    const evidence = notReadSince ?? status.evidence ?? undefined
    return {
      state: status.state,
      state_at: this.#statusAt,
      wedged: status.wedged,
      ...(evidence && { evidence }),
      ...(status.locked && { locked: status.locked }),
      ...(status.busy && { busy: status.busy }),
    }
  }
}
