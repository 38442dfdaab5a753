import type { Vm } from '#app/schema/api.ts'
import type { Leg } from '#app/schema/events.ts'
import type { Judged } from './judge.ts'

type Reading = Omit<NonNullable<Vm['hypervisor']>, 'name'>

/** These say nothing of the hypervisor: it was us who gave up, or had nothing to send. */
const ours = new Set<Leg>(['cancelled', 'command'])

/**
 * Whether one hypervisor can be reached, from the newest connection of any of its VMs that says something. A key
 * that is not let in is the trouble of its VM alone.
 */
export class HypervisorHealth {
  readonly #name: string
  readonly #now: () => Date
  #shared: Reading = { reachable: null, checked_at: null }
  #keys = new Map<string, Reading>()

  constructor(name: string, now: () => Date) {
    this.#name = name
    this.#now = now
  }

  /** Takes in how a command for a VM went. */
  take(vm: string, { result, detail }: Judged): void {
    const { failed_leg } = result
    if (failed_leg && ours.has(failed_leg)) return
    const checked_at = this.#now().toISOString()
    if (!failed_leg) {
      this.#shared = { reachable: true, checked_at }
      this.#keys.delete(vm)
      return
    }
    const failed: Reading = { reachable: false, failed_leg, checked_at, ...(detail && { detail }) }
    if (failed_leg === 'auth') this.#keys.set(vm, failed)
    else this.#shared = failed
  }

  /** What is known now, with the key of this VM. */
  of(vm: string): NonNullable<Vm['hypervisor']> {
    const key = this.#keys.get(vm)
    const isDown =
      this.#shared.reachable === false && (this.#shared.checked_at ?? '') > (key?.checked_at ?? '')
    return { name: this.#name, ...(isDown ? this.#shared : (key ?? this.#shared)) }
  }
}
