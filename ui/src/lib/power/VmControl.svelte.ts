import type { Operation, PowerResult, Verb } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { isMissing } from '#ui/api/request.ts'
import { verbFacts } from './verbs.ts'

/**
 * Where the operator stands with one VM. `running` with `lost` is an operation whose answer we wait for by
 * reading its record; `ended` with `reading` one whose outcome is unknown so far, and its record is still read;
 * `untold` is one of which there is no record; `not_sent` one that the server turned away.
 */
export type Run =
  | { step: 'idle' }
  | { step: 'confirm'; verb: Verb; op: string }
  | { step: 'running'; verb: Verb; op: string; since: number; lost: boolean }
  | { step: 'ended'; verb: Verb; op: string; result: PowerResult; reading: boolean }
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
const readForMs = 480_000
/** A record that says unknown is asked again for so long, ever more seldom: the server may yet learn the truth. */
const readUnknownForMs = 300_000
const readSeldomMs = 15_000
/** So many times "no such operation" in a row: it never arrived, or its record is lost. */
const missesBelieved = 3

/** Runs the verbs of one VM: each `op` is sent once, and never again; what is unknown is read. */
export class VmControl {
  readonly #options: VmControlOptions
  #run = $state.raw<Run>({ step: 'idle' })
  /** Counts the readings of records: only the newest goes on. */
  #readings = 0

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

  /**
   * Shows an operation that someone else began, or that was begun before this page was loaded; or tells the
   * outcome of our own that was unknown when we stopped reading.
   */
  async adopt(op: string): Promise<void> {
    const before = this.#run
    if (before.step === 'running' || before.step === 'confirm') return
    const own = 'op' in before && before.op === op
    if (own && !isUnsettled(before)) return
    const answer = await this.#options.api.operation(this.#options.vm, op)
    if (!answer.ok || this.#run !== before) return
    const { verb, state, requested_at } = answer.value
    if (state === 'ended') {
      const result = resultOf(answer.value)
      if (own && result.outcome !== 'unknown') this.#end({ step: 'ended', verb, op, result, reading: false })
      return
    }
    this.#run = { step: 'running', verb, op, since: Date.parse(requested_at), lost: false }
    await this.#readUntilKnown(verb, op)
  }

  async #send(verb: Verb, op: string): Promise<void> {
    const { api, vm } = this.#options
    this.#run = { step: 'running', verb, op, since: Date.now(), lost: false }
    const answer = await api.runVerb(vm, verb, op)
    if (answer.ok) {
      const reading = answer.value.outcome === 'unknown' && verbFacts[verb].mutates
      this.#end({ step: 'ended', verb, op, result: answer.value, reading })
      if (reading) await this.#readUntilKnown(verb, op)
    } else if (answer.failure.kind === 'offline') await this.#readUntilKnown(verb, op)
    else if (answer.failure.kind === 'refused' && answer.failure.status >= 500)
      await this.#readUntilKnown(verb, op)
    else this.#end({ step: 'not_sent', verb, detail: answer.failure.detail })
  }

  async #readUntilKnown(verb: Verb, op: string): Promise<void> {
    const { api, vm, pause = wait } = this.#options
    const reading = ++this.#readings
    let misses = 0
    let delay = readEveryMs
    let left = this.#run.step === 'ended' ? readUnknownForMs : readForMs
    while (left > 0 && misses < missesBelieved) {
      await pause(delay)
      left -= delay
      const answer = await api.operation(vm, op)
      const run = this.#run
      if (reading !== this.#readings || !('op' in run) || run.op !== op) return
      if (answer.ok && answer.value.state === 'ended') {
        const result = resultOf(answer.value)
        const known = result.outcome !== 'unknown' || !verbFacts[verb].mutates
        if (known) return this.#end({ step: 'ended', verb, op, result, reading: false })
        if (run.step === 'running') {
          this.#end({ step: 'ended', verb, op, result, reading: true })
          left = readUnknownForMs
        }
      } else if (run.step === 'running') this.#run = { ...run, lost: !answer.ok }
      if (this.#run.step === 'ended') delay = Math.min(readSeldomMs, delay * 1.5)
      misses = !answer.ok && isMissing(answer.failure) ? misses + 1 : 0
    }
    if (this.#run.step === 'ended') return this.#end({ ...this.#run, reading: false })
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

/** Its outcome is not known, and nobody is reading its record. */
function isUnsettled(run: Run): boolean {
  return run.step === 'untold' || (run.step === 'ended' && run.result.outcome === 'unknown' && !run.reading)
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
