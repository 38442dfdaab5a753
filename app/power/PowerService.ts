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
}

/** The configured VMs, what runs on them, and what this process remembers of it. Needs nothing but SSH. */
export class PowerService {
  #entries = new Map<string, Entry>()
  readonly #now: () => Date
  readonly #newJournal: (stream: string) => VmJournal | undefined

  constructor({ vms, logger, log, now = () => new Date() }: PowerServiceDeps) {
    this.#now = now
    this.#newJournal = (stream) => log && new VmJournal({ log, stream, logger })
    this.configure(vms)
  }

  /** Takes other VMs, the default first. What runs and ran on a VM of the same name stays known. */
  configure(vms: PowerVm[]): void {
    const before = this.#entries
    this.#entries = new Map(
      vms.map((vm) => {
        const watch = new VmWatch(() => runVerb(vm, 'status', { op: unnamed }), this.#now)
        const kept = before.get(vm.name)
        const operations = kept?.operations ?? new VmOperations()
        const journal = kept?.journal ?? this.#newJournal(`vm:${vm.name}`)
        return [vm.name, { vm, operations, watch, journal }]
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
   * that from its journal and never runs an op twice. Throws `not_found`.
   */
  async run(name: string, verb: Verb, options: RunOptions): Promise<PowerResult> {
    const entry = this.#entry(name)
    const { op } = options
    if (!verbTable[verb].mutating) return await this.#start(entry, verb, options)
    const { running } = entry.operations
    const known = running?.op === op ? running : entry.operations.get(op)
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
      [...this.#entries.values()].map(async ({ vm, operations, watch }) => {
        const { name, title, targets, demo } = vm
        const seen = await watch.look()
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

  /** Newest first. Throws `not_found`. */
  operations(name: string): Operation[] {
    return this.#entry(name).operations.list()
  }

  /** One operation; asks the hypervisor where its end is not known here. Throws `not_found`. */
  async operation(name: string, op: string): Promise<Operation> {
    const { vm, operations, watch } = this.#entry(name)
    const known = operations.get(op)
    if (known && known.outcome !== 'unknown') return known
    const asked = await askForOperation(vm, op)
    watch.take(asked)
    const journal = readHostStatus(asked.stdout)?.operation ?? null
    const found = reconcile(known, journal, this.#now().toISOString())
    if (!found) {
      const unreachable =
        asked.exit_code === null && `; the hypervisor could not be asked: ${asked.stderr.trim()}`
      throw new AppError('not_found', `No operation ${op} of ${vm.title} is known${unreachable || '.'}`)
    }
    if (found.state === 'ended' && found.result) operations.end(op, found.result)
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

  async #start(
    { vm, operations, watch, journal }: Entry,
    verb: Verb,
    options: RunOptions,
  ): Promise<PowerResult> {
    const { op, by, signal } = options
    if (verb === 'status') {
      const result = await runVerb(vm, verb, { op, ...(signal && { signal }) })
      watch.take(result)
      return result
    }
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
    operations.note(op, 'dispatched')
    events.dispatched()
    const result = await runVerb(vm, verb, {
      op,
      onOutput: (stream, text) => events.output(stream, text),
      ...(signal && { signal }),
    })
    operations.end(op, result)
    events.outcome(result)
    watch.invalidate()
    return result
  }
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
