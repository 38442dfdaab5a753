import type { Logger } from 'pino'
import { AppError } from '#app/errors.ts'
import type { Documents } from '#app/history/Documents.ts'
import type { History } from '#app/history/HistoryStore.ts'
import type { Shares } from '#app/lease/Shares.ts'
import type { Host } from '#app/schema/fleet.ts'
import type { ExecResult, Runner } from '#app/ssh/Runner.ts'
import type { SshPool } from '#app/ssh/SshPool.ts'
import { sendKill } from './poll/collect.ts'
import { readMemory } from './emptyMemory.ts'
import type { Fleet, OnPoll } from './Fleet.ts'
import type { FleetHost } from './FleetHost.ts'
import type { HostMemory } from './HostMemory.ts'
import { HostPoller } from './poll/HostPoller.ts'
import { mustBeStored } from './poll/mustBeStored.ts'
import { hostKind, OthersMemories } from './OthersMemories.ts'
import { KillsUnderWay } from './kill/KillsUnderWay.ts'
import { firstDelay } from './poll/PollSchedule.ts'
import { toFigures } from './toFigures.ts'
import { toHost } from './toHost.ts'
import { WorkingPlaces } from './poll/WorkingPlaces.ts'

export interface FleetServiceOptions {
  /** Of the fleet alone: with `fleet.connect_timeout_s`, and `fleetKeepaliveMs`. */
  pool: Pick<SshPool, 'runner' | 'drop'>
  /** For the host without a destination: `command` is `collect` or `kill`. See `localProbe`. */
  localProbe: Runner
  documents: Documents
  history: History
  shares: Shares
  onPoll: OnPoll
  /** Another replica polls it from now on. */
  onLetGo?: (name: string) => void
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Ms since 1970. */
  now?: () => number
  /** 0…1 */
  random?: () => number
  /** How long a probe may take. */
  probeTimeoutMs?: number
  /** How often what is known of a host is stored where nobody else reads it, unless something has changed. */
  storeEveryMs?: number
}

/**
 * For the pool: a poll is proof enough that a host is there, and a thousand connections that ask every few seconds as well
 * would cost more than the polls.
 */
export const fleetKeepaliveMs = 45_000
/** A reading and a kill at once. */
const channels = { maxInFlight: 2 }
const places = { limit: 256, holdMs: 2_000 }
const readAgainMs = 5_000

/**
 * Polls the hosts that are this replica's share, and knows all of them.
 *
 * @example
 * const fleet = new FleetService({ pool, localProbe: localProbe(script), documents, history, shares, onPoll, logger })
 * fleet.configure(hosts)
 * fleet.start()
 */
export class FleetService implements Fleet {
  readonly #options: FleetServiceOptions
  readonly #now: () => number
  readonly #places = new WorkingPlaces(places.limit, places.holdMs)
  readonly #others: OthersMemories
  readonly #pollers = new Map<string, HostPoller>()
  readonly #storedAt = new Map<string, number>()
  readonly #kills = new KillsUnderWay()
  #hosts = new Map<string, FleetHost>()
  #started = false
  #readingAgain: NodeJS.Timeout | undefined

  constructor(options: FleetServiceOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#others = new OthersMemories(options.documents)
  }

  /** The whole fleet, at any time. What belonged to hosts that are no more is dropped. */
  configure(hosts: FleetHost[]): void {
    const before = this.#hosts
    this.#hosts = new Map(hosts.map((host) => [host.name, host]))
    for (const old of before.values()) {
      const host = this.#hosts.get(old.name)
      if (!host) this.#remove(old)
      else if (!isSameMachine(old, host)) this.#dismiss(old)
      else this.#pollers.get(host.name)?.configure(host)
    }
    this.#divide()
  }

  start(): void {
    this.#started = true
    this.#options.shares.start({
      onChange: () => this.#divide(),
      onAsk: (what, names) => this.#answer(what, names),
    })
    this.#divide()
  }

  /**
   * Polls are given up, kills end first, and others take over at once, after `settle` and the last that was known of hosts
   * are written.
   */
  async close(settle?: () => Promise<void>): Promise<void> {
    clearTimeout(this.#readingAgain)
    for (const { host, memory, awaitsStored } of this.#pollers.values()) {
      if (memory && !awaitsStored && this.#owns(host)) this.#put(host, JSON.stringify(memory))
      this.#dismiss(host)
    }
    this.#started = false
    await this.#kills.end()
    await settle?.()
    await this.#options.documents.flush().catch(() => undefined)
    await this.#options.shares.stop()
  }

  async hosts(names?: string[]): Promise<Host[]> {
    const wanted = names && new Set(names)
    const asked = [...this.#hosts.values()].filter(({ name }) => !wanted || wanted.has(name))
    // Until what is stored of a host that was just taken over is there, it is what the other replica told last.
    const isElsewhere = ({ name }: FleetHost) => {
      const poller = this.#pollers.get(name)
      return !poller || (poller.awaitsStored && poller.memory === null)
    }
    const elsewhere = asked.filter(isElsewhere).map(({ name }) => name)
    const others = elsewhere.length > 0 ? await this.#others.read(elsewhere) : new Map<string, null>()
    const now = this.#now()
    return asked.map((host) => {
      const poller = this.#pollers.get(host.name)
      return toHost(poller?.memory ?? others.get(host.name) ?? null, host, now)
    })
  }

  async host(name: string): Promise<Host> {
    const [host] = await this.hosts([name])
    if (!host) throw unknownHost(name)
    return host
  }

  watch(names: string[]): void {
    this.#ask('watch', names)
  }

  refresh(name: string): void {
    this.#ask('refresh', [name])
  }

  async kill(name: string, digits: string, signal?: AbortSignal): Promise<ExecResult> {
    const host = this.#hosts.get(name)
    if (!host) throw unknownHost(name)
    return this.#kills.add(name, sendKill(this.#runnerOf(host), digits, signal))
  }

  #ask(what: string, names: string[]): void {
    const known = names.filter((name) => this.#hosts.has(name))
    const elsewhere = known.filter((name) => !this.#pollers.has(name))
    this.#answer(what, known)
    if (elsewhere.length > 0) this.#options.shares.ask(what, elsewhere)
  }

  #answer(what: string, names: string[]): void {
    for (const name of names) {
      const poller = this.#pollers.get(name)
      if (what === 'watch') poller?.watch()
      else if (what === 'refresh') poller?.refresh()
    }
  }

  /** Begins with what is ours now and is not polled yet, and lets go of what is not ours any more. */
  #divide(): void {
    if (!this.#started) return
    for (const { host } of this.#pollers.values()) if (!this.#owns(host)) this.#letGo(host)
    const taken = [...this.#hosts.values()].filter(
      (host) => this.#owns(host) && !this.#pollers.has(host.name),
    )
    if (taken.length === 0) return
    for (const host of taken) this.#pollers.set(host.name, this.#createPoller(host))
    void this.#begin(taken.map(({ name }) => name))
  }

  /** The first polls, compared with what is stored. If that cannot be read they are made all the same. */
  async #begin(names: string[]): Promise<void> {
    await this.#readStored(names)
    names.forEach((name, index) => this.#pollers.get(name)?.start(firstDelay(index)))
  }

  async #readStored(names: string[]): Promise<void> {
    const pollers = names.flatMap((name) => this.#pollers.get(name) ?? [])
    try {
      const stored = await this.#options.documents.read(hostKind, names)
      for (const poller of pollers) {
        poller.found(readMemory(stored.get(poller.host.name) ?? ''))
        this.#others.forget(poller.host.name)
      }
    } catch (error) {
      this.#options.logger.warn(
        { err: error, hosts: names.length },
        'what was known of hosts cannot be read yet',
      )
      clearTimeout(this.#readingAgain)
      this.#readingAgain = setTimeout(() => this.#readAgain(), readAgainMs)
    }
  }

  #readAgain(): void {
    const names = [...this.#pollers.values()]
      .filter(({ awaitsStored }) => awaitsStored)
      .map(({ host }) => host.name)
    if (this.#started && names.length > 0) void this.#readStored(names)
  }

  #createPoller(host: FleetHost): HostPoller {
    const { logger, random = Math.random, probeTimeoutMs } = this.#options
    return new HostPoller(host, {
      runner: this.#runnerOf(host),
      places: this.#places,
      ...(probeTimeoutMs !== undefined && { timeoutMs: probeTimeoutMs }),
      now: this.#now,
      random,
      onPolled: (polled, after, before) => this.#record(polled, after, before),
      onError: (error) => logger.error({ err: error, host: host.name }, 'a poll was not taken'),
    })
  }

  #record(host: FleetHost, after: HostMemory, before: HostMemory | null): void {
    const { history, onPoll } = this.#options
    // This process stood still, and another one polls it now.
    if (!this.#owns(host)) return
    this.#store(host, after, before)
    const figures = toFigures(after)
    if (figures && after.polledAt !== null) history.add(host.name, after.polledAt, figures)
    onPoll(host, after, before)
  }

  /** Alone, only a restart needs it: then it may be as old as a minute. */
  #store(host: FleetHost, after: HostMemory, before: HostMemory | null): void {
    const { shares, storeEveryMs = 60_000 } = this.#options
    if (this.#pollers.get(host.name)?.awaitsStored === true) return
    const age = performance.now() - (this.#storedAt.get(host.name) ?? -Infinity)
    if (!shares.shared && age < storeEveryMs && before && !mustBeStored(before, after)) return
    this.#put(host, JSON.stringify(after))
    this.#storedAt.set(host.name, performance.now())
  }

  #runnerOf({ destination }: FleetHost): Runner {
    const { pool, localProbe } = this.#options
    return destination ? pool.runner(destination, channels) : localProbe
  }

  /** This machine itself is nobody else's: another replica may run on another one. */
  #owns({ name, destination }: FleetHost): boolean {
    return destination === null ? this.#started : this.#options.shares.owns(name)
  }

  /** While another replica may have taken over it waits: that one's word must not be written over. */
  #put({ name, destination }: FleetHost, text: string | null): void {
    const { documents, shares } = this.#options
    documents.put(hostKind, name, text, () => destination === null || shares.confirms(name))
  }

  #letGo(host: FleetHost): void {
    this.#options.documents.discard(hostKind, host.name)
    this.#dismiss(host)
    this.#options.onLetGo?.(host.name)
  }

  #remove(host: FleetHost): void {
    if (this.#started && this.#owns(host)) this.#put(host, null)
    this.#others.forget(host.name)
    this.#dismiss(host)
  }

  #dismiss(host: FleetHost): void {
    const { name, destination } = host
    this.#pollers.get(name)?.stop()
    this.#pollers.delete(name)
    this.#storedAt.delete(name)
    if (!destination) return
    this.#kills.whenOver(name, () => {
      const again = this.#pollers.get(name)?.host
      if (!again || !isSameMachine(again, host)) this.#options.pool.drop(destination, channels)
    })
  }
}

function isSameMachine(a: FleetHost, b: FleetHost): boolean {
  return JSON.stringify(a.destination) === JSON.stringify(b.destination)
}

const unknownHost = (name: string): AppError =>
  new AppError('not_found', `No host of the fleet is called "${name.slice(0, 100)}".`)
