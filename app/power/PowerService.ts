import type { Logger } from 'pino'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Operation, PowerResult, Verb, Vm } from '#app/schema/api.ts'
import { changeKey } from './changeKey.ts'
import { HypervisorHealth } from './HypervisorHealth.ts'
import type { PowerVm } from './PowerVm.ts'
import type { Pace } from './UnknownOutcomes.ts'
import { VmPower, type RunOptions } from './VmPower.ts'

export type { RunOptions } from './VmPower.ts'

export interface PowerServiceDeps {
  /** The first is the default VM. */
  vms: PowerVm[]
  logger: Pick<Logger, 'warn'>
  /** Where operations are told, as well as it goes: power works without. */
  log?: EventLog
  now?: () => Date
  /** Every VM is read about so often while nobody looks; without it, only when someone does. */
  pollEveryMs?: number
  /** How ends that are unknown are looked up. */
  pace?: Partial<Pace>
  /** State, wedged, busy, reachable or the last operation of a VM is different now. */
  onChange?: (vm: Vm) => void
  /**
   * A mutation that was sent from here has ended, or, `resolved`, an end that was told as unknown was found out. Once
   * for each, as well as several replicas can agree on it: the place for what tells people, mails and channels.
   */
  onEnd?: (vm: Vm, operation: Operation, resolved: boolean) => void
}

/** The configured VMs, on their hypervisors. Needs nothing but SSH. */
export class PowerService {
  readonly #deps: PowerServiceDeps
  readonly #now: () => Date
  #vms = new Map<string, VmPower>()
  #health = new Map<string, HypervisorHealth>()
  #told = new Map<string, string>()
  #closed = false

  constructor(deps: PowerServiceDeps) {
    this.#deps = deps
    this.#now = deps.now ?? (() => new Date())
    this.configure(deps.vms)
  }

  /** Takes other VMs, the default first. What runs and ran on a VM of the same name stays known. */
  configure(vms: PowerVm[]): void {
    const before = this.#vms
    const health = this.#healthOf(vms)
    this.#health = health
    this.#vms = new Map(
      vms.map((vm) => {
        const own = health.get(vm.hypervisor) ?? new HypervisorHealth(vm.hypervisor, this.#now)
        const kept = before.get(vm.name)
        kept?.configure(vm, own)
        return [vm.name, kept ?? this.#newVm(vm, own)]
      }),
    )
    for (const [name, gone] of before) {
      if (this.#vms.has(name)) continue
      gone.close()
      this.#told.delete(name)
    }
    for (const [name, one] of this.#vms) if (!this.#told.has(name)) this.#told.set(name, changeKey(one.last))
    const { pollEveryMs } = this.#deps
    if (pollEveryMs !== undefined && !this.#closed)
      for (const one of this.#vms.values()) one.poll(pollEveryMs)
    this.#changed()
  }

  /** The name of the default VM, undefined when none is configured. */
  get defaultVm(): string | undefined {
    return this.#vms.keys().next().value
  }

  /** Throws `not_found`. */
  assertVm(name: string): void {
    this.#vm(name)
  }

  /**
   * Runs one verb to its end. A mutation waits for nobody: when another one runs the answer is `refused` with
   * code `busy` and its op, without SSH. The same op joins the one that runs, and is answered with the end of one
   * that ended, also where only the log knows it. Where the end is unknown the hypervisor is asked for it first; the
   * op is sent again only when nothing was run, or when the hypervisor never heard of it. Forensics that are asked for while others are made are
   * answered with those, and so is a `status`. Throws `not_found`.
   */
  async run(name: string, verb: Verb, options: RunOptions): Promise<PowerResult> {
    return await this.#vm(name).run(verb, options)
  }

  /** All VMs, their state a few seconds old at most where the hypervisor answers in time, else with its age. */
  async list(): Promise<Vm[]> {
    return await Promise.all([...this.#vms.values()].map((one) => one.look()))
  }

  /** A VM as it was last seen, without asking; undefined when there is none of this name. */
  last(name: string): Vm | undefined {
    return this.#vms.get(name)?.last
  }

  /** Newest first, with those that the VM's log tells of where it answers in time. Throws `not_found`. */
  async operations(name: string): Promise<Operation[]> {
    const { operations, records } = this.#vm(name)
    await records.recall(30_000)
    return operations.list()
  }

  /**
   * One operation, as it is known; the hypervisor is asked only for one that nobody here knows. Throws `not_found`, and
   * `hypervisor_unreachable` where nothing is known because the hypervisor could not say.
   */
  async operation(name: string, op: string, signal?: AbortSignal): Promise<Operation> {
    return await this.#vm(name).records.find(op, signal)
  }

  /** The report that the hypervisor keeps from before an operation. Throws as `operation`, and where it keeps none. */
  async forensics(name: string, op: string, signal?: AbortSignal): Promise<string> {
    return await this.#vm(name).records.findReport(op, signal)
  }

  /** Resolves when all that happened so far stands in the log, or was given up. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#vms.values()].map((one) => one.flushed()))
  }

  /** Asks for nothing more by itself; what was asked for goes on. */
  close(): void {
    this.#closed = true
    for (const one of this.#vms.values()) one.close()
  }

  #vm(name: string): VmPower {
    const found = this.#vms.get(name)
    if (!found) throw new AppError('not_found', `There is no VM ${JSON.stringify(name)}.`)
    return found
  }

  #newVm(vm: PowerVm, health: HypervisorHealth): VmPower {
    const { log, logger, pace, onEnd } = this.#deps
    const one: VmPower = new VmPower(vm, health, {
      ...{ logger, now: this.#now, changed: () => this.#changed() },
      ended: (operation, resolved) => this.#tell(() => onEnd?.(one.last, operation, resolved)),
      ...(log && { log }),
      ...(pace && { pace }),
    })
    return one
  }

  /** A hypervisor's health stays known while one of its VMs still leads there the same way. */
  #healthOf(vms: PowerVm[]): Map<string, HypervisorHealth> {
    const stays = (vm: PowerVm) => {
      const before = this.#vms.get(vm.name)?.vm
      return before?.warm === vm.warm && before.hypervisor === vm.hypervisor
    }
    const health = new Map<string, HypervisorHealth>()
    for (const vm of vms) {
      const kept = stays(vm) ? this.#health.get(vm.hypervisor) : undefined
      if (kept) health.set(vm.hypervisor, kept)
    }
    for (const { hypervisor } of vms)
      if (!health.has(hypervisor)) health.set(hypervisor, new HypervisorHealth(hypervisor, this.#now))
    return health
  }

  /** Tells each VM that shows something new; a hypervisor's health changes several at once. */
  #changed(): void {
    const { onChange } = this.#deps
    if (!onChange) return
    for (const [name, one] of this.#vms) {
      const vm = one.last
      const key = changeKey(vm)
      if (this.#told.get(name) === key) continue
      this.#told.set(name, key)
      this.#tell(() => onChange(vm))
    }
  }

  /** Who listens must not cost an operation. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'a listener of power failed')
    }
  }
}
