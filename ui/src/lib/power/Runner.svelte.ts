import type { Operation, PowerResult, Verb } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import { isMissing } from '#ui/api/request.ts'
import { verbFacts } from './verbs.ts'

/**
 * Where the operator stands with one VM. `running` with `lost` is an operation whose answer we wait for by
 * reading its record; `ended` with `reading` one whose outcome is unknown so far, and its record is still read,
 * with `resolved` one whose record told later what was unknown first; `untold` is one of which there is no record;
 * `not_sent` one that the server turned away. `record` is the newest that was read.
 */
export type Run =
  | { step: 'idle' }
  | { step: 'confirm'; verb: Verb; op: string }
  | { step: 'running'; verb: Verb; op: string; since: number; lost: boolean; record: Operation | null }
  | Ended
  | { step: 'untold'; verb: Verb; op: string; detail: string }
  | { step: 'not_sent'; verb: Verb; detail: string }

interface Ended {
  step: 'ended'
  verb: Verb
  op: string
  /** When it was asked for; ms since 1970. */
  since: number
  result: PowerResult
  reading: boolean
  resolved: boolean
  record: Operation | null
}

export interface RunnerOptions {
  vm: string
  api: Api
  /** The VM may look different now. */
  onChange: () => void
  pause?: (ms: number) => Promise<void>
  now?: () => number
}

const readEveryMs = 1_000
/** An operation's own limit is 300 s; its record is asked for a little longer than that. */
const readForMs = 480_000
/** A record that says unknown is asked again for so long, ever more seldom: the server may yet learn the truth. */
const readUnknownForMs = 300_000
const readSeldomMs = 15_000
/** One try counts for no more: a phone that slept through it has tried nothing meanwhile. */
const longestTryMs = 45_000
/** So many times "no such operation" in a row: it never arrived, or its record is lost. */
const missesBelieved = 6

/** Runs operations, one at a time: each `op` is sent once, and never again; what is unknown is read. */
export class Runner {
  readonly #options: RunnerOptions
  #run = $state.raw<Run>({ step: 'idle' })
  /** Counts the readings of records: only the newest goes on. */
  #readings = 0
  /** The op whose request is on its way or waits for its answer: that its record is missing means nothing yet. */
  #posting: string | null = null

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  get run(): Run {
    return this.#run
  }

  ask(verb: Verb, op: string): void {
    this.#run = { step: 'confirm', verb, op }
  }

  leave(): void {
    if (this.#run.step !== 'running') this.#run = { step: 'idle' }
  }

  /** Waits no longer for what there is no contact with. */
  stopWaiting(op: string): void {
    const run = this.#run
    if (run.step === 'running' && run.op === op && run.lost)
      this.#end({ step: 'untold', verb: run.verb, op, detail: 'You stopped waiting: it may still run.' })
  }

  /** Shows an operation by its record, and follows it to its end. */
  async follow(record: Operation, resolved: boolean): Promise<void> {
    const { verb, op, state, requested_at } = record
    if (state === 'ended') return this.#end(endedBy(record, false, resolved))
    this.#run = { step: 'running', verb, op, since: Date.parse(requested_at), lost: false, record }
    await this.#readUntilKnown(verb, op)
  }

  async send(verb: Verb, op: string): Promise<void> {
    const { api, vm, now = Date.now } = this.#options
    const { mutates } = verbFacts[verb]
    this.#run = { step: 'running', verb, op, since: now(), lost: false, record: null }
    this.#posting = op
    const answered = api.runVerb(vm, verb, op)
    const reading = mutates ? this.#readUntilKnown(verb, op) : undefined
    const answer = await answered
    if (this.#posting === op) this.#posting = null
    const run = this.#run
    // Its record was quicker, or its page is left.
    if (run.step !== 'running' || run.op !== op) return reading
    if (answer.ok) {
      const unknown = answer.value.outcome === 'unknown' && mutates
      const { since, record } = run
      const { value: result } = answer
      this.#end({ step: 'ended', verb, op, since, result, reading: unknown, resolved: false, record })
      if (mutates && !unknown) await this.#readOnce(op)
    } else if (
      answer.failure.kind === 'offline' ||
      (answer.failure.kind === 'refused' && answer.failure.status >= 500)
    ) {
      this.#run = { ...run, lost: true }
      if (!mutates) return this.#readUntilKnown(verb, op)
    } else this.#end({ step: 'not_sent', verb, detail: answer.failure.detail })
    return reading
  }

  /** The answer has the verb's body alone; its record has the sentence and the phases too. */
  async #readOnce(op: string): Promise<void> {
    const answer = await this.#options.api.operation(this.#options.vm, op)
    const run = this.#run
    if (answer.ok && run.step === 'ended' && run.op === op) this.#run = { ...run, record: answer.value }
  }

  /** Reads the record of a running operation for its phases, and until its outcome is known, however that is told. */
  async #readUntilKnown(verb: Verb, op: string): Promise<void> {
    const { api, vm, pause = wait, now = Date.now } = this.#options
    const reading = ++this.#readings
    let misses = 0
    let delay = readEveryMs
    let left = readForMs
    let stage = this.#stage
    let triedAt = now()
    while (left > 0 && misses < missesBelieved) {
      await pause(delay)
      if (reading !== this.#readings || !this.#isOpen(op)) return
      const answer = await api.operation(vm, op)
      const run = this.#run
      if (reading !== this.#readings || !this.#isOpen(op)) return
      if (answer.ok && answer.value.state === 'ended') {
        const known = resultOf(answer.value).outcome !== 'unknown' || !verbFacts[verb].mutates
        if (known) return this.#end(endedBy(answer.value, false, run.step === 'ended'))
        if (run.step === 'ended') this.#run = { ...run, record: answer.value }
        else if (this.#posting !== op) this.#end(endedBy(answer.value, true, false))
      } else if (run.step === 'running') {
        // A record that does not exist yet says nothing of the connection.
        const lost = !answer.ok && (this.#posting !== op || answer.failure.kind === 'offline')
        this.#run = { ...run, lost, record: answer.ok ? answer.value : run.record }
      }
      misses = !answer.ok && isMissing(answer.failure) && this.#posting !== op ? misses + 1 : 0
      // A request that is under way has an end of its own.
      if (this.#posting !== op) left -= Math.min(longestTryMs, now() - triedAt)
      triedAt = now()
      if (stage !== this.#stage) left = this.#run.step === 'ended' ? readUnknownForMs : readForMs
      stage = this.#stage
      if (this.#run.step === 'ended') delay = Math.min(readSeldomMs, delay * 1.5)
    }
    if (this.#run.step === 'ended') return this.#end({ ...this.#run, reading: false })
    const detail =
      misses === missesBelieved
        ? 'The server has no record of it: most likely it never arrived.'
        : 'Its record could not be read.'
    this.#end({ step: 'untold', verb, op, detail })
  }

  /** Its outcome is not known, and nothing else has taken its place. */
  #isOpen(op: string): boolean {
    const run = this.#run
    return (run.step === 'running' || (run.step === 'ended' && run.reading)) && run.op === op
  }

  /** Each has its own time to read for. */
  get #stage(): string {
    return this.#run.step === 'ended' ? 'ended' : this.#posting === null ? 'lost' : 'posting'
  }

  #end(run: Run): void {
    this.#run = run
    this.#options.onChange()
  }
}

/** Its outcome is not known, and nobody is reading its record. */
export function isUnsettled(run: Run): boolean {
  return run.step === 'untold' || (run.step === 'ended' && run.result.outcome === 'unknown' && !run.reading)
}

function endedBy(record: Operation, reading: boolean, resolved: boolean): Ended {
  const { verb, op } = record
  const since = Date.parse(record.requested_at)
  return { step: 'ended', verb, op, since, result: resultOf(record), reading, resolved, record }
}

/** The verb's body; a record that has lost it still tells its outcome. */
export function resultOf(operation: Operation): PowerResult {
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
