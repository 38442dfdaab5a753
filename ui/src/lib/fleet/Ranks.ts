import type { Alert, Host } from '#app/schema/fleet.ts'
import { livenessOf } from './liveness.ts'
import { rankHost, type RankedHost } from './orderHosts.ts'
import { troublesOf } from './troublesOf.ts'

interface Known {
  alerts: Alert[]
  /** All that the time changes: whether it is live, and ages to the minute. */
  when: string
  ranked: RankedHost
}

const minuteMs = 60_000

/** Ranks hosts, and gives the same object for a host of which nothing has changed: its card is not drawn anew then. */
export class Ranks {
  readonly #known = new WeakMap<Host, Known>()

  of(host: Host, now: number, alerts: Alert[]): RankedHost {
    const when = `${livenessOf(host, now)} ${Math.floor(now / minuteMs)}`
    const known = this.#known.get(host)
    if (known?.alerts === alerts && known.when === when) return known.ranked
    const ranked = rankHost(host, troublesOf(host, now, alerts), alerts)
    this.#known.set(host, { alerts, when, ranked })
    return ranked
  }
}
