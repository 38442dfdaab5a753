import type { Verb } from '#app/schema/api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { isUnsettled, resultOf, Runner, type Run, type RunnerOptions } from './Runner.svelte.ts'
import { verbFacts } from './verbs.ts'

/** Runs the verbs of one VM: one that changes it at a time, and beside it one that looks. */
export class VmControl {
  readonly #options: RunnerOptions
  readonly #deeds: Runner
  readonly #looks: Runner

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#deeds = new Runner(options)
    this.#looks = new Runner(options)
  }

  /** The verb that changes the VM. */
  get run(): Run {
    return this.#deeds.run
  }

  /** The verb that looks at it. */
  get look(): Run {
    return this.#looks.run
  }

  /** Runs a reading verb at once; opens the confirmation of a mutating one, and makes its op. */
  choose(verb: Verb): void {
    const { run, look } = this
    const op = randomHex(16)
    if (verbFacts[verb].mutates) {
      if (run.step !== 'running') this.#deeds.ask(verb, op)
    } else if (look.step !== 'running' || look.lost) {
      // What is over makes room; what is not known stays beside.
      if (run.step === 'not_sent' || (run.step === 'ended' && run.result.outcome !== 'unknown')) this.leave()
      void this.#looks.send(verb, op)
    }
  }

  /** The deliberate gesture was made. Only the op that is being confirmed runs, and once. */
  confirm(op: string): void {
    const { run } = this
    if (run.step !== 'confirm' || run.op !== op) return
    this.#looks.leave()
    void this.#deeds.send(run.verb, op)
  }

  leave(): void {
    this.#deeds.leave()
  }

  stopWaiting(op: string): void {
    this.#deeds.stopWaiting(op)
    this.#looks.stopWaiting(op)
  }

  /**
   * Shows an operation that someone else began, or that was begun before this page was loaded; or tells the
   * outcome of our own that was unknown when we stopped reading.
   */
  async adopt(op: string): Promise<void> {
    const { run: before, look } = this
    if (before.step === 'running' || before.step === 'confirm' || ('op' in look && look.op === op)) return
    const own = 'op' in before && before.op === op
    if (own && !isUnsettled(before)) return
    const answer = await this.#options.api.operation(this.#options.vm, op)
    if (!answer.ok || this.run !== before) return
    const record = answer.value
    if (record.state === 'ended' && !(own && resultOf(record).outcome !== 'unknown')) return
    if (verbFacts[record.verb].mutates) await this.#deeds.follow(record, own)
    else if (this.look.step !== 'running') await this.#looks.follow(record, false)
  }
}
