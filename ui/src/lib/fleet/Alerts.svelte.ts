import type { Alert } from '#app/schema/fleet.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { Remote } from '#ui/state/Remote.svelte.ts'
import { alertsWith, inOrder, isAcknowledged } from './alertFolds.ts'

/** An acknowledgement runs out this much late at most: a thousand alerts are not looked through each second. */
const stepMs = 5_000

/** What is wrong anywhere. Known on every screen, for the navigation counts it. */
export class Alerts {
  readonly #api: FleetApi
  readonly #remote: Remote<Alert[]> = new Remote(() => this.#api.alerts(), 'alerts.1')
  readonly #now: () => number
  readonly #step = $derived(this.#stepOf())
  readonly #ordered = $derived(inOrder(this.#remote.value ?? []))
  readonly #open = $derived(this.#ordered.filter((one) => !isAcknowledged(one, this.#step)))
  readonly #acknowledged = $derived(this.#ordered.filter((one) => isAcknowledged(one, this.#step)))

  constructor(api: FleetApi, now: () => number) {
    this.#api = api
    this.#now = now
  }

  #stepOf(): number {
    return Math.floor(this.#now() / stepMs) * stepMs
  }

  /** The worst first, the newest of them first. */
  get all(): Alert[] {
    return this.#ordered
  }

  /** What nobody has acknowledged. */
  get open(): Alert[] {
    return this.#open
  }

  get acknowledged(): Alert[] {
    return this.#acknowledged
  }

  /** They are only remembered, or could not be read again: there may be others. */
  get stale(): boolean {
    return !this.#remote.fresh || this.#remote.failure !== null
  }

  get failure(): string | null {
    return this.#remote.failure
  }

  get at(): number | null {
    return this.#remote.at
  }

  load(): Promise<void> {
    return this.#remote.load()
  }

  /** What the board tells of them. */
  take(kind: string, data: unknown): void {
    // Nothing is known yet that it could change; the reading that is under way may have come too early.
    if (this.#remote.value === null) return void this.load()
    this.#remote.change((list) => alertsWith(list, kind, data))
  }

  /** Why it was not acknowledged, in a sentence; null when it was. */
  async acknowledge(id: string, until?: string): Promise<string | null> {
    return this.#changed(await this.#api.acknowledge(id, until))
  }

  async takeBack(id: string): Promise<string | null> {
    return this.#changed(await this.#api.takeAckBack(id))
  }

  #changed(answer: Awaited<ReturnType<FleetApi['acknowledge']>>): string | null {
    if (!answer.ok) {
      void this.load()
      return answer.failure.detail
    }
    this.take('alert_changed', answer.value)
    return null
  }
}
