import type { Operation } from '#app/schema/api.ts'
import { readHostStatus, type HostJournal } from './hostAnswer.ts'
import type { Judged } from './judge.ts'
import type { OperationEvents } from './OperationEvents.ts'
import { noReport, notKnown, notSaid } from './operationErrors.ts'
import type { PowerVm } from './PowerVm.ts'
import { reconcile, stillUnknown } from './reconcile.ts'
import { askForOperation, askForReport } from './runVerb.ts'
import { UnknownOutcomes, type Answered, type GivenUp, type Pace } from './UnknownOutcomes.ts'
import { verbTable } from './verbs.ts'
import { VmHistory, type VmHistoryOptions } from './VmHistory.ts'
import type { VmOperations } from './VmOperations.ts'

export interface OperationRecordsDeps {
  /** All that is known, which this completes. */
  operations: VmOperations
  vm: () => PowerVm
  events: (op: string) => OperationEvents
  /** Called when a `status` with an op is asked for; what is returned takes in what the answer says beside it. */
  asked: () => (judged: Judged) => Judged
  now: () => Date
  history?: Omit<VmHistoryOptions, 'found'>
  pace?: Partial<Pace>
  /** What every other answer says of the hypervisor. */
  heard: (judged: Judged) => Judged
  changed: () => void
  ended: (operation: Operation) => void
}

/**
 * Completes what this process knows of a VM's operations: by what the VM's log tells, and by what the hypervisor's
 * journal says. Ends that are unknown are looked up there, in the background and when someone asks, and told again.
 */
export class OperationRecords {
  readonly #deps: OperationRecordsDeps
  readonly #history: VmHistory | undefined
  readonly #unknown: UnknownOutcomes

  constructor(deps: OperationRecordsDeps) {
    this.#deps = deps
    const { history, pace } = deps
    this.#history =
      history &&
      new VmHistory({
        ...history,
        found: ({ operations, unresolved }) => {
          this.#deps.operations.remember(operations)
          for (const op of unresolved) if (this.#isUnknown(op)) this.#unknown.follow(op)
        },
      })
    this.#unknown = new UnknownOutcomes({
      ask: (op) => this.#lookUp(op),
      giveUp: (op, last) => this.#giveUp(op, last),
      ...(pace && { pace }),
    })
  }

  /** Reads once what the log knows, as well as it can; see `VmHistory`. */
  async recall(): Promise<void> {
    await this.#history?.recall()
  }

  /** An operation is sent from here, for the first time or again. */
  begin(operation: Operation): void {
    this.#unknown.drop(operation.op)
    this.#deps.operations.put(operation)
  }

  /** Takes in the end of what ran from here, and tells it. */
  end(op: string, judged: Judged, events: OperationEvents): void {
    this.#deps.operations.end(op, judged)
    events.outcome(judged)
    if (!verbTable[judged.result.verb].mutating) return
    this.#tellEnd(op)
    if (judged.result.outcome === 'unknown') this.#unknown.follow(op)
  }

  close(): void {
    this.#unknown.close()
  }

  /**
   * One operation; asks the hypervisor where its end, or its body, is not known here. Throws `not_found`, and
   * `hypervisor_unreachable` where nothing is known because the hypervisor could not say.
   */
  async find(op: string): Promise<Operation> {
    const here = this.#wholly(op)
    if (here) return here
    const [asked] = await Promise.all([this.#ask(op), this.recall()])
    const meanwhile = this.#wholly(op)
    if (meanwhile) return meanwhile
    const status = readHostStatus(asked.result.stdout)
    const found = this.#settle(op, status?.operation ?? null)
    if (found) return found
    const vm = this.#deps.vm()
    throw status ? notKnown(op, vm) : notSaid(`No operation ${op} of ${vm.title} is known here`, asked)
  }

  /**
   * The report that the hypervisor keeps under an op. Throws `not_found` when the op is not known or has none, and
   * `hypervisor_unreachable`.
   */
  async findReport(op: string, signal?: AbortSignal): Promise<string> {
    // Asked for an op that it knows nothing of, the hypervisor would make a report of now.
    const { forensics, phases, verb } = await this.find(op)
    const vm = this.#deps.vm()
    const isKept = forensics ?? phases?.some(({ phase }) => phase === 'forensics')
    if (verbTable[verb].mutating && !isKept) throw noReport(op, vm)
    const asked = this.#deps.heard(await askForReport(vm, op, signal))
    const { outcome, stdout, code } = asked.result
    // It has forgotten the operation, and made a report of now.
    const isOfNow = verbTable[verb].mutating && asked.forensics !== true
    if (outcome === 'failed' || code === 'conflict' || (outcome === 'done' && isOfNow)) throw noReport(op, vm)
    if (outcome === 'done' && stdout.trim()) return stdout
    throw notSaid(`The report from before the operation ${op} of ${vm.title} is not here`, asked)
  }

  async #ask(op: string): Promise<Judged> {
    const take = this.#deps.asked()
    return take(await askForOperation(this.#deps.vm(), op))
  }

  async #lookUp(op: string): Promise<Answered> {
    const { result } = await this.#ask(op)
    if (!this.#isUnknown(op)) return 'ended'
    const status = readHostStatus(result.stdout)
    if (!status) return 'unreached'
    const { operation: journal } = status
    this.#settle(op, journal)
    if (journal === null) return 'unheard'
    if (!('outcome' in journal)) return 'running'
    return 'exit_code' in journal ? 'ended' : 'died'
  }

  /** Takes in what the journal says of an op; returns what it has come to, undefined when nobody knows it. */
  #settle(op: string, journal: HostJournal): Operation | undefined {
    const wasUnknown = this.#isUnknown(op)
    const known = this.#deps.operations.get(op)
    const found = reconcile(known, journal, this.#deps.now().toISOString())
    if (!found || found === known) return found
    this.#deps.operations.put(found)
    if (found.state === 'running') this.#unknown.follow(op)
    else if (journal && 'exit_code' in journal) {
      // The journal's last word, be it that nobody knows.
      this.#unknown.drop(op)
      const isNew = found.outcome !== 'unknown' || found.detail !== known?.detail
      if (wasUnknown && isNew) this.#tellAgain(found, true)
    }
    this.#deps.changed()
    return found
  }

  #giveUp(op: string, last: GivenUp): void {
    const known = this.#deps.operations.get(op)
    if (!known || !this.#isUnknown(op)) return
    const settled = stillUnknown(known, whyUnknown[last] ?? known.detail ?? '')
    this.#deps.operations.put(settled)
    this.#tellAgain(settled, last === 'died' || last === 'unheard')
    this.#deps.changed()
  }

  #tellAgain(operation: Operation, resolved: boolean): void {
    const { op, result, detail, forensics } = operation
    if (!result) return
    const judged = { result, ...(detail && { detail }), ...(forensics !== undefined && { forensics }) }
    this.#deps.events(op).outcome(judged, resolved)
    this.#tellEnd(op)
  }

  #tellEnd(op: string): void {
    const operation = this.#deps.operations.get(op)
    if (operation) this.#deps.ended(operation)
  }

  /** A mutation whose end is not known, and that does not run from here. */
  #isUnknown(op: string): boolean {
    const known = this.#deps.operations.get(op)
    if (!known || !verbTable[known.verb].mutating || this.#deps.operations.running?.op === op) return false
    return known.state === 'running' || known.outcome === 'unknown'
  }

  /** The operation, if the hypervisor could add nothing: it runs from here, or has ended and its body is here. */
  #wholly(op: string): Operation | undefined {
    const known = this.#deps.operations.get(op)
    if (!known) return undefined
    if (known.state === 'running')
      return this.#deps.operations.running?.op === op || !verbTable[known.verb].mutating ? known : undefined
    return known.outcome !== 'unknown' && known.result ? known : undefined
  }
}

const whyUnknown: Partial<Record<GivenUp, string>> = {
  unheard:
    'The hypervisor has no record of it: it never arrived there, or the host was started anew since. Look at the state of the VM.',
  unreached: 'The hypervisor could not be asked for an hour how it ended: look at the state of the VM.',
  running: 'The hypervisor says that it still runs after an hour: look there.',
}
