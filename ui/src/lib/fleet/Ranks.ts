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
const none: Alert[] = []

/** Ranks hosts, and gives the same object for a host of which nothing has changed: its card is not drawn anew then. */
export class Ranks {
  readonly #known = new WeakMap<Host, Known>()
  #alerts: Alert[] = none
  #byHost = new Map<string, Alert[]>()

  of(host: Host, now: number, alerts: Alert[]): RankedHost {
    if (alerts !== this.#alerts) this.#sort(alerts)
    const own = this.#byHost.get(host.name) ?? none
    const when = `${livenessOf(host, now)} ${Math.floor(now / minuteMs)}`
    const known = this.#known.get(host)
    if (known?.alerts === own && known.when === when) return known.ranked
    const ranked = rankHost(host, troublesOf(host, now, own), own, now)
    this.#known.set(host, { alerts: own, when, ranked })
    return ranked
  }

  /** By host; a host whose alerts are the same ones as before keeps its list. */
  #sort(alerts: Alert[]): void {
    const before = this.#byHost
    this.#alerts = alerts
    this.#byHost = new Map()
    for (const alert of alerts) {
      const host = alert.host ?? ''
      const own = this.#byHost.get(host)
      if (own === undefined) this.#byHost.set(host, [alert])
      else own.push(alert)
    }
    for (const [host, own] of this.#byHost) {
      const known = before.get(host)
      if (known?.length === own.length && known.every((one, at) => one === own[at]))
        this.#byHost.set(host, known)
    }
  }
}
