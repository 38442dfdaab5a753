import type { Logger } from 'pino'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Operation, PowerResult, Verb, Vm } from '#app/schema/api.ts'
import { givenUp, refused } from './answers.ts'
import type { HypervisorHealth } from './HypervisorHealth.ts'
import { OperationEvents } from './OperationEvents.ts'
import { OperationRecords } from './OperationRecords.ts'
import type { PowerVm } from './PowerVm.ts'
import { repeat } from './repeat.ts'
import { runVerb } from './runVerb.ts'
import type { Pace } from './UnknownOutcomes.ts'
import { unlessGone } from './unlessGone.ts'
import { verbTable } from './verbs.ts'
import { VmJournal } from './VmJournal.ts'
import { VmOperations } from './VmOperations.ts'
import { VmWatch, type Snapshot } from './VmWatch.ts'

export interface VmPowerDeps {
  logger: Pick<Logger, 'warn'>
  log?: EventLog
  now: () => Date
  pace?: Partial<Pace>
  /** Something that is shown of the VM may be different now. Must not throw. */
  changed: () => void
  /** A mutation has ended, or, `resolved`, its unknown end was found out. Must not throw. */
  ended: (operation: Operation, resolved: boolean) => void
}

export interface RunOptions {
  op: string
  by: string
  /** Ends the wait for what only reads. */
  signal?: AbortSignal
}

/** What only reads needs no name on the hypervisor. */
const unnamed = '0'.repeat(32)
/** So old may be what is known of other replicas' operations. */
const recallEveryMs = 30_000

const conflict = (verb: Verb, known: Pick<Operation, 'op' | 'verb'>) =>
  refused(verb, known.op, 'conflict', `This op belongs to a ${known.verb}.`)

/** One VM: what runs on it, what is known of it, and what is told of it. Needs nothing but SSH. */
export class VmPower {
  readonly #deps: VmPowerDeps
  readonly #journal: VmJournal | undefined
  readonly operations = new VmOperations()
  readonly records: OperationRecords
  #vm: PowerVm
  #health: HypervisorHealth
  #watch: VmWatch
  #stopPoll: (() => void) | undefined

  constructor(vm: PowerVm, health: HypervisorHealth, deps: VmPowerDeps) {
    const { log, logger, now, pace, changed, ended } = deps
    const stream = `vm:${vm.name}`
    this.#deps = deps
    this.#vm = vm
    this.#health = health
    this.#journal = log && new VmJournal({ log, stream, logger })
    this.#watch = this.#newWatch()
    this.records = new OperationRecords({
      operations: this.operations,
      ...{ vm: () => this.#vm, events: (op) => this.#events(op), now, changed, ended },
      asked: () => {
        const watch = this.#watch
        const take = watch.begin()
        return (judged) => {
          this.#health.take(this.#vm.name, judged)
          // A report says nothing of the VM's state.
          if (judged.result.verb === 'status') take(judged.result)
          else changed()
        }
      },
      ...(log && { history: { log, stream, logger } }),
      ...(pace && { pace }),
    })
  }

  get vm(): PowerVm {
    return this.#vm
  }

  /** Takes other settings. The same connection leads to the same place: what was read there still holds. */
  configure(vm: PowerVm, health: HypervisorHealth): void {
    const hasMoved = this.#vm.warm !== vm.warm
    this.#vm = vm
    this.#health = health
    if (hasMoved) this.#watch = this.#newWatch()
  }

  /** Reads the VM about this often, and finds out about ends that its log tells as unknown, until `close`. */
  poll(everyMs: number): void {
    this.#stopPoll ??= repeat(everyMs, async () => {
      await this.records.recall(recallEveryMs)
      await this.#watch.read()
    })
  }

  /** Asks for nothing more by itself. What runs goes on. */
  close(): void {
    this.#stopPoll?.()
    this.records.close()
  }

  async flushed(): Promise<void> {
    await this.records.flushed()
    await this.#journal?.flushed()
  }

  async run(verb: Verb, options: RunOptions): Promise<PowerResult> {
    const { op, signal } = options
    const { running } = this.operations
    const known = running?.op === op ? running : this.operations.get(op)
    if (known && known.verb !== verb && (verbTable[verb].mutating || verbTable[known.verb].mutating))
      return conflict(verb, known)
    if (verb === 'status') {
      const read = this.#watch.read().then((result) => ({ ...result, op }))
      return await unlessGone(read, signal, givenUp(verb, op))
    }
    if (verb === 'forensics') {
      const report = this.operations.report(() => this.#start(verb, options))
      return await unlessGone(report, signal, givenUp(verb, op))
    }
    return await this.#mutate(verb, options)
  }

  async #mutate(verb: Verb, options: RunOptions): Promise<PowerResult> {
    const { op } = options
    const { operations, records } = this
    // What it waits for may take the VM: it is looked at anew after each wait.
    const recalled = operations.get(op) ? undefined : records.recall()
    if (!operations.running && recalled) await recalled
    const known = operations.get(op)
    if (known && known.verb !== verb) return conflict(verb, known)
    if (known && known.outcome !== 'refused' && !operations.running) {
      const answer = await records.answer(op)
      if (answer) return answer
    }
    const { running } = operations
    if (running?.op === op) return await running.end
    if (running)
      return refused(verb, running.op, 'busy', `A ${running.verb} of ${this.#vm.title} is running.`)
    const end = this.#start(verb, options)
    operations.hold({ op, verb, end })
    return await end
  }

  /** The VM, a few seconds old at most where the hypervisor answers in time, else with its age. */
  async look(): Promise<Vm> {
    const [seen] = await Promise.all([this.#watch.look(), this.records.recall(recallEveryMs)])
    return this.#show(seen)
  }

  /** The VM as it was last seen. */
  get last(): Vm {
    return this.#show(this.#watch.snapshot)
  }

  #show({ busy: seenBusy, ...seen }: Snapshot): Vm {
    const { name, title, targets, demo, carries } = this.#vm
    const [last_operation] = this.operations.list()
    // A reading from before the end of an operation still calls it running.
    const seen_operation = seenBusy === undefined ? undefined : this.operations.get(seenBusy)
    const isOver = seen_operation?.state === 'ended' && seen_operation.outcome !== 'unknown'
    const busy = this.operations.busy ?? (isOver ? undefined : seenBusy)
    return {
      ...{ vm: name, title, targets, demo, ...seen, hypervisor: this.#health.of(name) },
      ...(carries && carries.length > 0 && { carries }),
      ...(busy && { busy }),
      ...(last_operation && { last_operation }),
    }
  }

  #newWatch(): VmWatch {
    // The health first: the watch tells of the change once it has taken the reading in.
    const read = async () => {
      const judged = await runVerb(this.#vm, 'status', { op: unnamed })
      this.#health.take(this.#vm.name, judged)
      return judged.result
    }
    return new VmWatch(read, this.#deps.now, this.#deps.changed)
  }

  #events(op: string): OperationEvents {
    return new OperationEvents(
      op,
      (event) => this.#journal?.push(event),
      (entered) => {
        this.operations.enter(op, entered)
        this.#deps.changed()
      },
    )
  }

  async #start(verb: Verb, { op, by }: RunOptions): Promise<PowerResult> {
    const { operations, records } = this
    const events = this.#events(op)
    const before = operations.get(op)
    records.begin({
      ...{ op, verb, by, state: 'running', phase: 'requested', requested_at: this.#deps.now().toISOString() },
    })
    events.requested(verb, by)
    this.#deps.changed()
    const judged = await runVerb(this.#vm, verb, {
      op,
      onSent: () => {
        operations.note(op, 'dispatched')
        events.dispatched()
        this.#deps.changed()
      },
      onOutput: (stream, text) => events.output(stream, text),
    })
    this.#health.take(this.#vm.name, judged)
    this.#watch.invalidate()
    const result = records.end(op, judged, events, before)
    this.#deps.changed()
    // Who is told of changes hears what came of it without asking.
    if (this.#stopPoll) void this.#watch.read()
    return result
  }
}
