import type { Alert } from '#app/schema/fleet.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { Remote } from '#ui/state/Remote.svelte.ts'
import { alertsWith, inOrder, isAcknowledged } from './alertFolds.ts'

/** What is wrong anywhere. Known on every screen, for the navigation counts it. */
export class Alerts {
  readonly #api: FleetApi
  readonly #remote: Remote<Alert[]> = new Remote(() => this.#api.alerts(), 'alerts.1')
  readonly #ordered = $derived(inOrder(this.#remote.value ?? []))

  constructor(api: FleetApi) {
    this.#api = api
  }

  /** The worst first, the newest of them first. */
  get all(): Alert[] {
    return this.#ordered
  }

  /** What nobody has acknowledged. */
  get open(): Alert[] {
    return this.all.filter((one) => !isAcknowledged(one, Date.now()))
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
