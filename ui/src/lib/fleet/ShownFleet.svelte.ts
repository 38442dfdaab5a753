import type { Alert } from '#app/schema/fleet.ts'
import type { AddressedView } from './AddressedView.svelte.ts'
import { countTmux, filterHosts, filterTmux, isTroubled, writeView, type HostedTmux } from './filterHosts.ts'
import type { Fleet } from './Fleet.svelte.ts'
import { HostOrder } from './HostOrder.ts'
import { KeptOrder } from './KeptOrder.ts'
import { orderHosts } from './orderHosts.ts'
import { Ranks } from './Ranks.ts'
import type { Reader } from './Reader.ts'

interface Sources {
  fleet: Fleet
  view: AddressedView
  reader: Reader
  /** The server's time; what may not move now is looked at again as it passes. */
  now: () => number
  alerts: () => Alert[]
}

/** What of the fleet is shown, and in which order: as wanted, but for what somebody is reading. */
export class ShownFleet {
  readonly order = new HostOrder()
  readonly #sources: Sources
  readonly #ranks = new Ranks()
  readonly #orders = { active: new KeptOrder(), legacy: new KeptOrder() }
  readonly #view = $derived.by(() => this.#sources.view.now)
  readonly #ranked = $derived.by(() => {
    const { fleet, now, alerts } = this.#sources
    return fleet.hosts.map((host) => this.#ranks.of(host, now(), alerts()))
  })
  /** What is asked for, whichever tab it is looked at in: another one is drawn in its own order at once. */
  readonly #by = $derived(writeView({ ...this.#view, tab: 'hosts' }))
  readonly #wanted = $derived(orderHosts(filterHosts(this.#ranked, this.#view), this.#view.sort))

  readonly hosts = $derived.by(() => this.order.arrange(this.#wanted, this.#by, this.#mayMove()))
  readonly active = $derived.by(() => this.#tmux('active'))
  readonly legacy = $derived.by(() => this.#tmux('legacy'))
  readonly counts = $derived({
    active: countTmux(this.#ranked, this.#view, 'active'),
    legacy: countTmux(this.#ranked, this.#view, 'legacy'),
    hosts: this.#wanted.length,
  })
  readonly troubled = $derived(this.#ranked.filter(isTroubled).length)

  constructor(sources: Sources) {
    this.#sources = sources
  }

  #tmux(status: 'active' | 'legacy'): HostedTmux[] {
    const list = filterTmux(this.#ranked, this.#view, status)
    return this.#orders[status].arrange(list, ({ tmux }) => tmux.id, this.#by, this.#mayMove())
  }

  #mayMove(): boolean {
    this.#sources.now()
    return this.#sources.reader.mayMove()
  }
}
