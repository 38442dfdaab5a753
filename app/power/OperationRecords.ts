import { AppError } from '#app/errors.ts'
import type { Operation, PowerResult } from '#app/schema/api.ts'
import { givenUp } from './answers.ts'
import type { Folded } from './foldOperations.ts'
import { readHostStatus, type HostJournal } from './hostAnswer.ts'
import type { Judged } from './judge.ts'
import type { OperationEvents } from './OperationEvents.ts'
import type { PowerVm } from './PowerVm.ts'
import { notSent, reconcile, resultOf, stillUnknown } from './reconcile.ts'
import { askForOperation, runVerb } from './runVerb.ts'
import { UnknownOutcomes, type Answered, type GivenUp, type Pace } from './UnknownOutcomes.ts'
import { unlessGone } from './unlessGone.ts'
import { verbTable } from './verbs.ts'
import { VmHistory, type VmHistoryOptions } from './VmHistory.ts'
import type { VmOperations } from './VmOperations.ts'
import { within } from './within.ts'

export interface OperationRecordsDeps {
  /** All that is known, which this completes. */
  operations: VmOperations
  vm: () => PowerVm
  events: (op: string) => OperationEvents
  /** Called when the hypervisor is asked for something; what is returned takes in what the answer says of the VM. */
  asked: () => (judged: Judged) => void
  now: () => Date
  history?: Omit<VmHistoryOptions, 'found'>
  pace?: Partial<Pace>
  changed: () => void
  /** `resolved`: its end was told as unknown before. */
  ended: (operation: Operation, resolved: boolean) => void
}

interface Question {
  answer: Promise<Judged>
  waiting: number
  gone: AbortController
}

/**
 * Completes what this process knows of a VM's operations: by what the VM's log tells, and by what the hypervisor's
 * journal says. Ends that are unknown are looked up there in the background, and told again.
 */
export class OperationRecords {
  readonly #deps: OperationRecordsDeps
  readonly #history: VmHistory | undefined
  readonly #unknown: UnknownOutcomes
  #questions = new Map<string, Question>()
  #telling: Promise<void> = Promise.resolve()

  constructor(deps: OperationRecordsDeps) {
    this.#deps = deps
    const { history, pace } = deps
    this.#history = history && new VmHistory({ ...history, found: (folded) => this.#remember(folded) })
    this.#unknown = new UnknownOutcomes({
      ask: (op) => this.#lookUp(op),
      giveUp: (op, last) => this.#giveUp(op, last),
      ...(pace && { pace }),
    })
  }

  /** Reads what the log knows, as well as it can; see `VmHistory`. Undefined when there is no log to wait for. */
  recall(maxAgeMs?: number): Promise<void> | undefined {
    return this.#history?.recall(maxAgeMs)
  }

  /** Resolves when all that was found out so far is told, or was given up. */
  async flushed(): Promise<void> {
    await this.#telling
  }

  /** An operation is sent from here, for the first time or again: it stays that of who asked first. */
  begin(operation: Operation): void {
    const { op } = operation
    this.#unknown.drop(op)
    const before = this.#deps.operations.get(op)
    const first = before && { by: before.by, requested_at: before.requested_at }
    this.#deps.operations.put({ ...operation, ...first })
  }

  /**
   * Takes in the end of what ran from here, and tells it. `before` is what was known of the op when it was sent.
   * Returns what its caller is answered: a try that was never sent takes nothing back of one that may have run.
   */
  end(op: string, judged: Judged, events: OperationEvents, before?: Operation): PowerResult {
    const { outcome, verb, failed_leg } = judged.result
    if (before?.outcome === 'unknown' && outcome === 'refused' && failed_leg) {
      const result = notSent(before, judged)
      this.#deps.operations.put(before)
      events.outcome({ result, detail: result.stderr })
      void this.#unknown.follow(op)
      return result
    }
    this.#deps.operations.end(op, judged)
    events.outcome(judged)
    if (verbTable[verb].mutating) {
      this.#tellEnd(op, false)
      if (outcome === 'unknown') void this.#unknown.follow(op)
    }
    return judged.result
  }

  /**
   * The answer to who asks again for an op that may have run: it is not sent a second time. Undefined when it can
   * be sent, because nothing was run or the hypervisor never heard of it.
   */
  async answer(op: string): Promise<PowerResult | undefined> {
    const known = this.#deps.operations.get(op)
    if (!known || known.outcome === 'refused') return undefined
    if (!this.#isUnknown(op)) return resultOf(known)
    const asked = await this.#ask(op)
    const status = readHostStatus(asked.result.stdout)
    if (status?.operation === null) return undefined
    const after = this.#deps.operations.get(op) ?? known
    if (!status) {
      void this.#unknown.follow(op)
      return notSent(after, asked)
    }
    if (after.state !== 'running') return resultOf(after)
    await within(verbTable[after.verb].timeoutMs, this.#unknown.follow(op)).catch(() => undefined)
    return resultOf(this.#deps.operations.get(op) ?? after)
  }

  close(): void {
    this.#unknown.close()
  }

  /**
   * One operation, as it is known; the hypervisor is asked only for one that nobody here knows. Throws `not_found`,
   * and `hypervisor_unreachable` where nothing is known because the hypervisor could not say.
   */
  async find(op: string, signal?: AbortSignal): Promise<Operation> {
    const { operations, vm } = this.#deps
    const recalled = operations.get(op) ? undefined : this.recall()
    if (recalled) await recalled
    const asked = operations.get(op) ? undefined : await this.#ask(op, signal)
    const found = operations.get(op)
    if (found) {
      // Given up some time ago, it may be found out now.
      if (this.#isUnknown(op)) void this.#unknown.follow(op)
      return found.state === 'ended' ? { ...found, result: resultOf(found) } : found
    }
    if (asked && !readHostStatus(asked.result.stdout))
      throw notSaid(`No operation ${op} of ${vm().title} is known here`, asked)
    throw new AppError('not_found', `No operation ${op} of ${vm().title} is known.`)
  }

  /**
   * The report from before an operation, which the hypervisor keeps; of `forensics`, its own. Nothing is made on the
   * hypervisor for it. Throws `not_found` when the op is not known or has none, and `hypervisor_unreachable`.
   */
  async findReport(op: string, signal?: AbortSignal): Promise<string> {
    const { forensics, phases, verb, result } = await this.find(op, signal)
    const vm = this.#deps.vm()
    const none = new AppError(
      'not_found',
      `No report from before the operation ${op} of ${vm.title} is kept.`,
    )
    if (!verbTable[verb].mutating) {
      if (verb === 'forensics' && result?.stdout.trim()) return result.stdout
      throw none
    }
    const isKept = forensics ?? phases?.some(({ phase }) => phase === 'forensics')
    if (!isKept) throw none
    const take = this.#deps.asked()
    const asked = await runVerb(vm, 'forensics', { op, ...(signal && { signal }) })
    take(asked)
    const { outcome, stdout, code } = asked.result
    // It does not say that the report is from before: then it is not.
    const isOther = outcome === 'done' && asked.forensics !== true
    if (outcome === 'failed' || code === 'conflict' || isOther) throw none
    if (outcome === 'done' && stdout.trim()) return stdout
    throw notSaid(`The report from before the operation ${op} of ${vm.title} is not here`, asked)
  }

  /** Asks for an op, or joins who does; the question is given up when the last who waits for it has gone. */
  async #ask(op: string, signal?: AbortSignal): Promise<Judged> {
    const question = this.#questions.get(op) ?? this.#question(op)
    question.waiting += 1
    try {
      return await unlessGone(question.answer, signal, { result: givenUp('status', op) })
    } finally {
      question.waiting -= 1
      if (question.waiting === 0) {
        question.gone.abort()
        if (this.#questions.get(op) === question) this.#questions.delete(op)
      }
    }
  }

  #question(op: string): Question {
    const gone = new AbortController()
    const take = this.#deps.asked()
    const ask = async () => {
      const judged = await askForOperation(this.#deps.vm(), op, gone.signal)
      const status = readHostStatus(judged.result.stdout)
      // What the same answer says of the VM is told with it.
      if (status) this.#settle(op, status.operation)
      take(judged)
      return judged
    }
    const question = { answer: ask(), waiting: 0, gone }
    this.#questions.set(op, question)
    return question
  }

  async #lookUp(op: string): Promise<Answered> {
    if (!this.#isUnknown(op)) return 'ended'
    const { result } = await this.#ask(op)
    if (!this.#isUnknown(op)) return 'ended'
    const status = readHostStatus(result.stdout)
    if (!status) return 'unreached'
    const { operation: journal } = status
    if (journal === null) return 'unheard'
    if (!('outcome' in journal)) return 'running'
    return 'exit_code' in journal ? 'ended' : 'died'
  }

  /** Takes in what the journal says of an op whose end is not known here. */
  #settle(op: string, journal: HostJournal): void {
    const { operations, now } = this.#deps
    const known = operations.get(op)
    if (known && !this.#isUnknown(op)) return
    const found = reconcile(known, journal, now().toISOString())
    if (!found || found === known) return
    operations.put(found)
    if (found.state === 'running') void this.#unknown.follow(op)
    else if (journal && 'exit_code' in journal) {
      // The journal's last word, be it that nobody knows.
      this.#unknown.drop(op)
      const isNew = found.outcome !== 'unknown' || found.detail !== known?.detail
      if (known && isNew) this.#tellAgain(found, true)
    }
  }

  #giveUp(op: string, last: GivenUp): void {
    const known = this.#deps.operations.get(op)
    if (!known || !this.#isUnknown(op)) return
    const settled = stillUnknown(known, whyUnknown[last] ?? known.detail ?? '')
    this.#deps.operations.put(settled)
    if (settled.detail !== known.detail || known.state === 'running' || last === 'died')
      this.#tellAgain(settled, last === 'died' || last === 'unheard')
    this.#deps.changed()
  }

  /** Takes in what the log tells: also of other replicas' operations, and what they found out. */
  #remember({ operations: told, unresolved }: Folded): void {
    const { operations, changed } = this.#deps
    for (const one of told) {
      // That nothing was run may have been told of an earlier try.
      if (!this.#isUnknown(one.op) || (one.outcome !== 'done' && one.outcome !== 'failed')) continue
      operations.put(one)
      this.#unknown.drop(one.op)
    }
    operations.remember(told)
    for (const op of unresolved) if (this.#isUnknown(op)) void this.#unknown.follow(op)
    changed()
  }

  /** Tells what was found out, unless another replica has told it already, as far as the log can say in time. */
  #tellAgain(operation: Operation, resolved: boolean): void {
    const { op, result, outcome, detail, forensics } = operation
    if (!result) return
    const judged = { result, ...(detail && { detail }), ...(forensics !== undefined && { forensics }) }
    const tell = async () => {
      const folded = await this.#history?.again()
      const told = folded?.operations.find((one) => one.op === op)
      const isTold = told && told.outcome === outcome && (outcome !== 'unknown' || told.detail === detail)
      if (isTold && !(resolved && folded?.unresolved.includes(op))) return
      this.#deps.events(op).outcome(judged, resolved)
      this.#tellEnd(op, true)
    }
    this.#telling = Promise.all([this.#telling, tell()]).then(() => undefined)
  }

  #tellEnd(op: string, resolved: boolean): void {
    const operation = this.#deps.operations.get(op)
    if (operation) this.#deps.ended(operation, resolved)
  }

  /** A mutation whose end is not known, and that does not run from here. */
  #isUnknown(op: string): boolean {
    const known = this.#deps.operations.get(op)
    if (!known || !verbTable[known.verb].mutating || this.#deps.operations.running?.op === op) return false
    return known.state === 'running' || known.outcome === 'unknown'
  }
}

/** What is missing here, and could not be asked of the hypervisor. */
function notSaid(missing: string, { result: { stderr, failed_leg } }: Judged): AppError {
  const detail = `${missing}, and the hypervisor could not be asked: ${stderr.trim()}`
  return new AppError('hypervisor_unreachable', detail, failed_leg && { failed_leg })
}

const whyUnknown: Partial<Record<GivenUp, string>> = {
  unheard:
    'The hypervisor has no record of it: it never arrived there, or the host was started anew since. Look at the state of the VM.',
  unreached: 'The hypervisor could not be asked for an hour how it ended: look at the state of the VM.',
  running: 'The hypervisor says that it still runs after an hour: look there.',
}
