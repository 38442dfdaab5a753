import type { FleetSummary, Host } from '#app/schema/fleet.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { clockAhead } from './liveness.ts'
import { recallFleet, rememberFleet } from './storedFleet.ts'

/** One host, so that news of one draws one card. */
class HostCell {
  host: Host = $state.raw() as Host
  /** The turn of the reading, or of the news, that it comes from. */
  turn: number

  constructor(host: Host, turn: number) {
    this.host = host
    this.turn = turn
  }
}

/** All that is known of the hosts, and what is asked for when. Polled by `FleetPolls`. */
export class Fleet {
  readonly #api: FleetApi
  readonly #now: () => number
  // A cell is reactive itself; which ones there are stands in `#names`.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #cells = new Map<string, HostCell>()
  #names = $state.raw<string[]>([])
  #summary = $state.raw<FleetSummary | null>(null)
  #at = $state<number | null>(null)
  #heardAt = $state<number | null>(null)
  #failure = $state<string | null>(null)
  #fresh = $state(false)
  #ahead = $state(0)
  #kept = $state<number | null>(null)
  #loading: Promise<void> | null = null
  #again = false
  #turn = 0

  constructor(api: FleetApi, now: () => number = Date.now) {
    this.#api = api
    this.#now = now
    const known = recallFleet()
    if (known === null) return
    this.#take(known.value.hosts, 0)
    this.#at = known.at
    if (known.value.hosts.length < known.value.total) this.#kept = known.value.total
  }

  /** In the order of the configuration. */
  get hosts(): Host[] {
    return this.#names.flatMap((name) => this.#cells.get(name)?.host ?? [])
  }

  host(name: string): Host | undefined {
    return this.#names.includes(name) ? this.#cells.get(name)?.host : undefined
  }

  get summary(): FleetSummary | null {
    return this.#summary
  }

  /** When all were last read, in ms since 1970; null when never. */
  get at(): number | null {
    return this.#at
  }

  /** When any of them was last told, in ms since 1970; null when none was since the screen was opened. */
  get heardAt(): number | null {
    return this.#heardAt
  }

  /** Why the newest reading of all brought nothing. */
  get failure(): string | null {
    return this.#failure
  }

  /** They were read since the screen was opened, so they are not only remembered. */
  get fresh(): boolean {
    return this.#fresh
  }

  /** How far our clock is ahead of the server's, in ms. */
  get ahead(): number {
    return this.#ahead
  }

  /** How many hosts there were, when not all of them could be remembered. */
  get keptOf(): number | null {
    return this.#fresh ? null : this.#kept
  }

  /** Reads all of it. A call while a reading is under way is followed by one more. */
  load(): Promise<void> {
    if (this.#loading !== null) this.#again = true
    this.#loading ??= this.#loadLatest().finally(() => (this.#loading = null))
    return this.#loading
  }

  /** Reads these, and has them polled more often for a while. */
  async watch(names: string[]): Promise<void> {
    const answer = await this.#api.hosts(names)
    if (!answer.ok) return
    this.#hear(answer.value)
    this.take(answer.value)
  }

  /** What the board tells. */
  take(hosts: Host[]): void {
    this.#heardAt = this.#now()
    this.#take(hosts, null)
  }

  /** Has a host polled as soon as can be; why not, in a sentence, or null. */
  async refresh(name: string): Promise<string | null> {
    const answer = await this.#api.refresh(name)
    return answer.ok ? null : answer.failure.detail
  }

  remember(): void {
    if (this.#fresh) rememberFleet(this.hosts, this.#at ?? this.#now())
  }

  async #loadLatest(): Promise<void> {
    do {
      this.#again = false
      const began = this.#turn
      const [hosts, summary] = await Promise.all([this.#api.hosts(), this.#api.summary()])
      if (summary.ok) this.#summary = summary.value
      if (!hosts.ok) this.#failure = hosts.failure.detail
      else {
        this.#failure = null
        this.#fresh = true
        this.#at = this.#heardAt = this.#now()
        this.#hear(hosts.value)
        this.#take(hosts.value, began)
      }
    } while (this.#again)
  }

  #hear(hosts: Host[]): void {
    this.#ahead = clockAhead(hosts, this.#now()) ?? this.#ahead
  }

  /**
   * An answer that was overtaken by a newer one changes nothing. `began`: these are all hosts, asked for at that turn;
   * of what has not changed since they are right, also where they say an earlier time: the server's clock was set.
   */
  #take(hosts: Host[], began: number | null): void {
    const turn = ++this.#turn
    const fresh: string[] = []
    for (const host of hosts) {
      const cell = this.#cells.get(host.name)
      if (cell === undefined) {
        this.#cells.set(host.name, new HostCell(host, turn))
        fresh.push(host.name)
      } else if ((began !== null && cell.turn <= began) || isNews(cell.host, host, began !== null)) {
        cell.host = host
        cell.turn = turn
      }
    }
    const names = began !== null ? hosts.map(({ name }) => name) : [...this.#names, ...fresh]
    if (names.length === this.#names.length && names.every((name, at) => name === this.#names[at])) return
    for (const name of this.#cells.keys()) if (!names.includes(name)) this.#cells.delete(name)
    this.#names = names
  }
}

/**
 * An answer that was overtaken by a newer one changes nothing. The same poll told again draws nothing anew either, for
 * only its ages differ: they are shown where a section failed, and are read with all hosts otherwise.
 */
function isNews(known: Host, told: Host, all: boolean): boolean {
  const [before, after] = [known.polled_at ?? '', told.polled_at ?? '']
  if (before !== after) return after > before
  return all || known.status !== told.status || Object.values(told.sections).some(({ ok }) => !ok)
}
