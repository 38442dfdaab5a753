import type { Operation, PowerResult, Verb } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { verbFacts } from './verbs.ts'

/**
 * Where the operator stands with one VM. `running` with `lost` is an operation whose answer we wait for by
 * reading its record; `untold` is one of which there is no record; `not_sent` one that the server turned away.
 */
export type Run =
  | { step: 'idle' }
  | { step: 'confirm'; verb: Verb; op: string }
  | { step: 'running'; verb: Verb; op: string; since: number; lost: boolean }
  | { step: 'ended'; verb: Verb; op: string; result: PowerResult }
  | { step: 'untold'; verb: Verb; op: string; detail: string }
  | { step: 'not_sent'; verb: Verb; detail: string }

export interface VmControlOptions {
  vm: string
  api: Api
  /** The VM may look different now. */
  onChange: () => void
  pause?: (ms: number) => Promise<void>
}

const readEveryMs = 2_000
/** An operation's own limit is 300 s; its record is asked for a little longer than that. */
const readAtMost = 240
/** So many times "no such operation" in a row: it never arrived, or its record is lost. */
const missesBelieved = 3

/** Runs the verbs of one VM: each `op` is sent once, and never again; what is unknown is read. */
export class VmControl {
  readonly #options: VmControlOptions
  #run = $state.raw<Run>({ step: 'idle' })

  constructor(options: VmControlOptions) {
    this.#options = options
  }

  get run(): Run {
    return this.#run
  }

  /** Runs a reading verb at once; opens the confirmation of a mutating one, and makes its op. */
  choose(verb: Verb): void {
    if (this.#run.step === 'running') return
    const op = randomHex(16)
    if (verbFacts[verb].mutates) this.#run = { step: 'confirm', verb, op }
    else void this.#send(verb, op)
  }

  /** The deliberate gesture was made. Only the op that is being confirmed runs, and once. */
  confirm(op: string): void {
    if (this.#run.step === 'confirm' && this.#run.op === op) void this.#send(this.#run.verb, op)
  }

  leave(): void {
    if (this.#run.step !== 'running') this.#run = { step: 'idle' }
  }

  /** Shows an operation that someone else began, or that was begun before this page was loaded. */
  async adopt(op: string): Promise<void> {
    if (this.#run.step === 'running' || this.#run.step === 'confirm') return
    if (this.#run.step !== 'idle' && this.#run.step !== 'not_sent' && this.#run.op === op) return
    const answer = await this.#options.api.operation(this.#options.vm, op)
    if (!answer.ok || answer.value.state === 'ended' || this.run.step === 'running') return
    const since = Date.parse(answer.value.requested_at)
    this.#run = { step: 'running', verb: answer.value.verb, op, since, lost: false }
    await this.#readUntilKnown(answer.value.verb, op)
  }

  async #send(verb: Verb, op: string): Promise<void> {
    const { api, vm } = this.#options
    this.#run = { step: 'running', verb, op, since: Date.now(), lost: false }
    const answer = await api.runVerb(vm, verb, op)
    if (answer.ok) this.#end({ step: 'ended', verb, op, result: answer.value })
    else if (answer.failure.kind === 'offline') await this.#readUntilKnown(verb, op)
    else if (answer.failure.kind === 'refused' && answer.failure.status >= 500)
      await this.#readUntilKnown(verb, op)
    else this.#end({ step: 'not_sent', verb, detail: answer.failure.detail })
  }

  async #readUntilKnown(verb: Verb, op: string): Promise<void> {
    const { api, vm, pause = wait } = this.#options
    let misses = 0
    for (let tries = 0; tries < readAtMost; tries++) {
      await pause(readEveryMs)
      const answer = await api.operation(vm, op)
      if (answer.ok && answer.value.state === 'ended')
        return this.#end({ step: 'ended', verb, op, result: resultOf(answer.value) })
      const missing = !answer.ok && answer.failure.kind === 'refused' && answer.failure.status === 404
      misses = missing ? misses + 1 : 0
      if (misses === missesBelieved) break
      if (this.#run.step === 'running') this.#run = { ...this.#run, lost: !answer.ok }
    }
    const detail =
      misses === missesBelieved
        ? 'The server has no record of it: most likely it never arrived.'
        : 'Its record could not be read.'
    this.#end({ step: 'untold', verb, op, detail })
  }

  #end(run: Run): void {
    this.#run = run
    this.#options.onChange()
  }
}

/** The verb's body; a record that has lost it still tells its outcome. */
function resultOf(operation: Operation): PowerResult {
  const outcome = operation.outcome ?? 'unknown'
  return (
    operation.result ?? {
      verb: operation.verb,
      exit_code: operation.exit_code ?? null,
      stdout: '',
      stderr: '',
      rejected: outcome === 'refused',
      outcome,
      op: operation.op,
      duration_ms: operation.duration_ms ?? 0,
    }
  )
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
