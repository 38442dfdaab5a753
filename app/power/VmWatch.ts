import type { PowerResult, Vm } from '#app/schema/api.ts'
import { readHostStatus, type HostStatus } from './hostAnswer.ts'
import { vmReading, type VmReading } from './vmReading.ts'

export type Snapshot = VmReading & Pick<Vm, 'state_at'>

interface Reading {
  generation: number
  end: Promise<PowerResult>
}

const freshForMs = 4_000
const waitAtMostMs = 3_000

/**
 * The last reading of one VM, with its age, renewed when someone looks and it is old. One `status` is under way at
 * a time, whoever asks: others join it, unless the VM was acted on since it began.
 */
export class VmWatch {
  readonly #read: () => Promise<PowerResult>
  readonly #now: () => Date
  readonly #taken: () => void
  #status: HostStatus | undefined
  #statusAt: string | null = null
  /** Why the newest attempt found nothing; undefined when it did. */
  #failure: string | undefined
  #attemptedAt = -Infinity
  #reading: Reading | undefined
  /** Counts what was done to the VM: a reading that began before it tells what was. */
  #generation = 0
  /** The generation of the newest answer. */
  #newest = -1

  /** `read` runs the verb `status`; it never throws. `taken` is told of every answer, once it is taken in. */
  constructor(read: () => Promise<PowerResult>, now: () => Date, taken: () => void = () => undefined) {
    this.#read = read
    this.#now = now
    this.#taken = taken
  }

  /** Call it when a `status` is asked for; what is returned takes in the answer. */
  begin(): (result: PowerResult) => void {
    const generation = this.#generation
    return (result) => this.#take(result, generation)
  }

  /** The next look reads anew. */
  invalidate(): void {
    this.#generation += 1
    this.#attemptedAt = -Infinity
  }

  /** Reads now, or joins the reading that is under way. Never throws. */
  read(): Promise<PowerResult> {
    if (this.#reading?.generation === this.#generation) return this.#reading.end
    const before = this.#reading?.end
    const renew = async (): Promise<PowerResult> => {
      if (before) await before
      const take = this.begin()
      const result = await this.#read()
      if (this.#reading === reading) this.#reading = undefined
      take(result)
      return result
    }
    // Known before it is begun, lest what `read` calls begins another one.
    const { promise: end, resolve, reject } = Promise.withResolvers<PowerResult>()
    const reading: Reading = { generation: this.#generation, end }
    this.#reading = reading
    renew().then(resolve, reject)
    return end
  }

  /** A reading a few seconds old at most, or, if the hypervisor takes longer than 3 s, the last one with its age. */
  async look(): Promise<Snapshot> {
    if (this.#now().getTime() - this.#attemptedAt > freshForMs) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, waitAtMostMs)
      await Promise.race([this.read(), promise])
      clearTimeout(timer)
    }
    return this.snapshot
  }

  /** The last reading, as it is. */
  get snapshot(): Snapshot {
    if (!this.#status) {
      const evidence = this.#failure ?? 'The hypervisor has not answered yet.'
      return { state: 'unknown', state_at: null, evidence }
    }
    const notReadSince = this.#failure && `It could not be read since: ${this.#failure}`
    const reading = { ...vmReading(this.#status), state_at: this.#statusAt }
    if (!notReadSince) return reading
    const { evidence } = reading
    return {
      ...reading,
      evidence: evidence ? `${evidence.replace(/\.$/, '')}. ${notReadSince}` : notReadSince,
    }
  }

  #take(result: PowerResult, generation: number): void {
    if (generation >= this.#newest) this.#takeNewest(result, generation)
    this.#taken()
  }

  #takeNewest(result: PowerResult, generation: number): void {
    this.#newest = generation
    const at = this.#now()
    if (generation === this.#generation) this.#attemptedAt = at.getTime()
    const status = readHostStatus(result.stdout)
    if (status && result.exit_code !== null) {
      this.#failure = undefined
      this.#status = status
      this.#statusAt = at.toISOString()
    } else this.#failure = result.stderr.trim() || 'The hypervisor did not say.'
  }
}
