import type { Logger } from 'pino'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Operation, PowerResult, Verb, Vm } from '#app/schema/api.ts'
import { readHostStatus } from './hostAnswer.ts'
import { OperationEvents } from './OperationEvents.ts'
import type { PowerVm } from './PowerVm.ts'
import { reconcile } from './reconcile.ts'
import { askForOperation, runVerb } from './runVerb.ts'
import { verbTable } from './verbs.ts'
import { VmHistory } from './VmHistory.ts'
import { VmJournal } from './VmJournal.ts'
import { VmOperations } from './VmOperations.ts'
import { VmWatch } from './VmWatch.ts'

export interface PowerServiceDeps {
  /** The first is the default VM. */
  vms: PowerVm[]
  logger: Pick<Logger, 'warn'>
  /** Where operations are told, as well as it goes: power works without. */
  log?: EventLog
  now?: () => Date
}

export interface RunOptions {
  op: string
  by: string
  /** Ends the wait for what only reads. */
  signal?: AbortSignal
}

interface Entry {
  vm: PowerVm
  operations: VmOperations
  watch: VmWatch
  journal: VmJournal | undefined
  history: VmHistory | undefined
}

/** The configured VMs, what runs on them, and what this process remembers of it. Needs nothing but SSH. */
export class PowerService {
  #entries = new Map<string, Entry>()
  readonly #now: () => Date
  readonly #deps: Pick<PowerServiceDeps, 'log' | 'logger'>

  constructor({ vms, logger, log, now = () => new Date() }: PowerServiceDeps) {
    this.#now = now
    this.#deps = { logger, ...(log && { log }) }
    this.configure(vms)
  }

  /** Takes other VMs, the default first. What runs and ran on a VM of the same name stays known. */
  configure(vms: PowerVm[]): void {
    const before = this.#entries
    this.#entries = new Map(
      vms.map((vm) => {
        const kept = before.get(vm.name) ?? this.#newEntry(vm)
        // The same connection leads to the same place: what was read there still holds.
        const watch = kept.vm.warm === vm.warm ? kept.watch : this.#newWatch(vm)
        return [vm.name, { ...kept, vm, watch }]
      }),
    )
  }

  /** The name of the default VM, undefined when none is configured. */
  get defaultVm(): string | undefined {
    return this.#entries.keys().next().value
  }

  /** Throws `not_found`. */
  assertVm(name: string): void {
    this.#entry(name)
  }

  /**
   * Runs one verb to its end. A mutation waits for nobody: when another one runs the answer is `refused` with
   * code `busy` and its op, without SSH. The same op joins the one that runs, and is answered with the end of one
   * that ended; it is sent again only when nothing was run, or when the end is unknown: the hypervisor answers
   * that from its journal and never runs an op twice. Forensics that are asked for while others are made are
   * answered with those. Throws `not_found`.
   */
  async run(name: string, verb: Verb, options: RunOptions): Promise<PowerResult> {
    const entry = this.#entry(name)
    const { op } = options
    const { running } = entry.operations
    const known = running?.op === op ? running : entry.operations.get(op)
    if (!verbTable[verb].mutating) {
      if (known && verbTable[known.verb].mutating)
        return refused(verb, op, 'conflict', `This op belongs to a ${known.verb}.`)
      return await (verb === 'status' ? this.#status(entry, options) : this.#forensics(entry, options))
    }
    if (known && known.verb !== verb)
      return refused(verb, op, 'conflict', `This op belongs to a ${known.verb}.`)
    if (running?.op === op) return await running.end
    if (running) {
      return refused(verb, running.op, 'busy', `A ${running.verb} of ${entry.vm.title} is running.`)
    }
    const ended = entry.operations.get(op)?.result
    if (ended?.outcome === 'done' || ended?.outcome === 'failed') return ended
    const end = this.#start(entry, verb, options)
    entry.operations.hold({ op, verb, end })
    return await end
  }

  /** All VMs, their state a few seconds old at most where the hypervisor answers in time, else with its age. */
  async list(): Promise<Vm[]> {
    return await Promise.all(
      [...this.#entries.values()].map(async ({ vm, operations, watch, history }) => {
        const { name, title, targets, demo } = vm
        const [seen] = await Promise.all([watch.look(), history?.recall()])
        const [last_operation] = operations.list()
        const busy = operations.running?.op ?? seen.busy
        return {
          vm: name,
          title,
          targets,
          demo,
          ...seen,
          ...(busy && { busy }),
          ...(last_operation && { last_operation }),
        }
      }),
    )
  }

  /** Newest first, with those that the VM's log tells of where it answers in time. Throws `not_found`. */
  async operations(name: string): Promise<Operation[]> {
    const { operations, history } = this.#entry(name)
    await history?.recall()
    return operations.list()
  }

  /**
   * One operation; asks the hypervisor where its end, or its body, is not known here. Throws `not_found`, and
   * `hypervisor_unreachable` where nothing is known because the hypervisor could not say.
   */
  async operation(name: string, op: string): Promise<Operation> {
    const { vm, operations, watch, journal, history } = this.#entry(name)
    const here = wholly(operations, op)
    if (here) return here
    const [asked] = await Promise.all([askForOperation(vm, op), history?.recall()])
    watch.take(asked)
    const meanwhile = wholly(operations, op)
    if (meanwhile) return meanwhile
    const known = operations.get(op)
    const status = readHostStatus(asked.stdout)
    const found = reconcile(known, status?.operation ?? null, this.#now().toISOString())
    if (!found) throw status ? notKnown(op, vm) : notSaid(op, vm, asked)
    if (!known) operations.put(found)
    if (found.state !== 'ended' || !found.result) return found
    operations.end(op, found.result)
    const wasOpen = known?.state === 'running' || known?.outcome === 'unknown'
    if (wasOpen && found.outcome !== 'unknown')
      new OperationEvents(op, (event) => journal?.push(event)).outcome(found.result)
    return found
  }

  /** Resolves when all that happened so far stands in the log, or was given up. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(async ({ journal }) => journal?.flushed()))
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (!entry) throw new AppError('not_found', `There is no VM ${JSON.stringify(name)}.`)
    return entry
  }

  #newEntry(vm: PowerVm): Entry {
    const { log, logger } = this.#deps
    const stream = `vm:${vm.name}`
    const operations = new VmOperations()
    const found = (older: Operation[]) => operations.remember(older)
    return {
      vm,
      operations,
      watch: this.#newWatch(vm),
      journal: log && new VmJournal({ log, stream, logger }),
      history: log && new VmHistory({ log, stream, logger, found }),
    }
  }

  #newWatch(vm: PowerVm): VmWatch {
    return new VmWatch(() => runVerb(vm, 'status', { op: unnamed }), this.#now)
  }

  async #status({ vm, watch }: Entry, { op, signal }: RunOptions): Promise<PowerResult> {
    const result = await runVerb(vm, 'status', { op, ...(signal && { signal }) })
    watch.take(result)
    return result
  }

  /** One report at a time for all who ask; the one who goes away leaves it to the others. */
  async #forensics(entry: Entry, options: RunOptions): Promise<PowerResult> {
    const { op, signal } = options
    const report = entry.operations.report(() => this.#start(entry, 'forensics', options))
    if (!signal) return await report
    const { promise: gone, resolve } = Promise.withResolvers<PowerResult>()
    const onAbort = () => resolve(givenUp(op))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([report, gone])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #start(entry: Entry, verb: Verb, { op, by }: RunOptions): Promise<PowerResult> {
    const { vm, operations, watch, journal } = entry
    const events = new OperationEvents(op, (event) => journal?.push(event))
    operations.put({
      op,
      verb,
      by,
      state: 'running',
      phase: 'requested',
      requested_at: this.#now().toISOString(),
    })
    events.requested(verb, by)
    const result = await runVerb(vm, verb, {
      op,
      onSent: () => {
        operations.note(op, 'dispatched')
        events.dispatched()
      },
      onOutput: (stream, text) => events.output(stream, text),
    })
    operations.end(op, result)
    events.outcome(result)
    watch.invalidate()
    return result
  }
}

/** The operation, if the hypervisor could add nothing: it runs from here, or has ended and its body is here. */
function wholly(operations: VmOperations, op: string): Operation | undefined {
  const known = operations.get(op)
  if (!known) return undefined
  if (known.state === 'running') {
    return operations.running?.op === op || !verbTable[known.verb].mutating ? known : undefined
  }
  return known.outcome !== 'unknown' && known.result ? known : undefined
}

function notKnown(op: string, { title }: PowerVm): AppError {
  return new AppError('not_found', `No operation ${op} of ${title} is known.`)
}

function notSaid(op: string, { title }: PowerVm, { stderr, failed_leg }: PowerResult): AppError {
  const detail = `No operation ${op} of ${title} is known here, and the hypervisor could not be asked: ${stderr.trim()}`
  return new AppError('hypervisor_unreachable', detail, failed_leg && { failed_leg })
}

/** What only reads needs no name on the hypervisor. */
const unnamed = '0'.repeat(32)

function refused(verb: Verb, op: string, code: 'busy' | 'conflict', stderr: string): PowerResult {
  return {
    verb,
    exit_code: null,
    stdout: '',
    stderr,
    rejected: true,
    outcome: 'refused',
    op,
    duration_ms: 0,
    code,
  }
}

function givenUp(op: string): PowerResult {
  return {
    verb: 'forensics',
    exit_code: null,
    stdout: '',
    stderr: 'The wait for the report was given up; it is still being made.',
    rejected: false,
    outcome: 'unknown',
    op,
    failed_leg: 'cancelled',
    duration_ms: 0,
  }
}
