import type { Logger } from 'pino'
import { AppError } from '#app/errors.ts'
import type { Board, BoardEvent } from '#app/eventlog/Board.ts'
import type { Documents } from '#app/history/Documents.ts'
import type { Alert, Severity } from '#app/schema/fleet.ts'
import { isOf, isOver, type AckDocument } from './ackDocument.ts'
import { noAlerts, type AlertState, type Raised } from './AlertState.ts'
import { AlertStore } from './AlertStore.ts'
import { evaluate, type AlertChange } from './evaluate.ts'
import type { Observation } from './Reading.ts'

export interface AlertBookDeps {
  documents: Documents
  board: Pick<Board, 'tell'>
  logger: Pick<Logger, 'debug' | 'error'>
  /** Whether other processes write to the same documents. */
  shared: boolean
  /** Whether anything is evaluated and told; asked at each step, since the configuration may change. */
  enabled: () => boolean
  /** Whether a scope is still there; what belongs to others is neither shown nor kept. */
  isKnown: (scope: string) => boolean
  /** Whether it is sure now that this process alone evaluates a scope; until then nothing of it is written. */
  mayWrite?: (scope: string) => boolean
  /** For notifications: called once when an alert begins and once when it ends, by the replica that evaluates it. */
  onAlert?: (kind: 'new' | 'cleared', alert: Alert) => void
  /** ms since 1970. */
  now?: () => number
}

const sweepEveryMs = 10_000
/** An acknowledgement of what is not there: its alert may just not be written yet. */
const orphanMs = 3_600_000
const rank: Record<Severity, number> = { critical: 0, warning: 1, info: 2 }

/** The alerts of every scope: evaluates what pollers observe, keeps it, tells the board, and takes acknowledgements. */
export class AlertBook {
  readonly #deps: AlertBookDeps
  readonly #store: AlertStore
  readonly #now: () => number
  /** One scope's observations are taken one after another. */
  readonly #running = new Map<string, Promise<void>>()
  /** Scopes that this process has evaluated: of their alerts it tells beginning and end. */
  readonly #own = new Set<string>()
  /** Alerts by id whose beginning the board has not been told yet, each with when it was. */
  readonly #beginnings = new Map<string, string>()
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> = Promise.resolve()

  constructor(deps: AlertBookDeps) {
    this.#deps = deps
    this.#store = new AlertStore(deps)
    this.#now = deps.now ?? Date.now
  }

  /** Takes an observation of one scope; never rejects. Only the one replica that polls a scope may call it. */
  observe(scope: string, observation: Observation): Promise<void> {
    return this.#inTurn(scope, () => this.#take(scope, observation))
  }

  /** Worst first, then the newest. */
  async list(): Promise<Alert[]> {
    const all = (await this.#placed()).map(({ alert }) => alert)
    return all.sort((a, b) => rank[a.severity] - rank[b.severity] || (a.created < b.created ? 1 : -1))
  }

  /** Another process evaluates the scope from now on; what is being taken in of it is the last. Never rejects. */
  letGo(scope: string): Promise<void> {
    return this.#inTurn(scope, () => {
      this.#own.delete(scope)
      this.#store.letGo(scope)
    })
  }

  /**
   * Written when this is over. Throws `not_found` for one that is not raised, `bad_request` for an `until` that has
   * passed, `log_unavailable` where it cannot be written; then nothing has changed.
   */
  async ack(id: string, by: string, until?: string): Promise<Alert> {
    const { scope, alert } = await this.#find(id)
    const end = until === undefined ? undefined : Date.parse(until)
    if (end !== undefined && end <= this.#now())
      throw new AppError(
        'bad_request',
        'In the body: until: found a time that has passed; allowed: a later one.',
      )
    const ack = { by, created: alert.created, at: this.#now(), ...(end !== undefined && { until: end }) }
    await this.#store.saveAck(id, ack)
    this.#tell(scope, id)
    return (await this.#find(id)).alert
  }

  /** Takes an acknowledgement back. Throws `not_found` as `ack`. */
  async unack(id: string): Promise<Alert> {
    const { scope, alert } = await this.#find(id)
    if (!alert.acknowledged) return alert
    await this.#store.saveAck(id, null)
    this.#tell(scope, id)
    return (await this.#find(id)).alert
  }

  /** From now on acknowledgements end when they should, and what belongs to nothing any more goes. */
  start(): void {
    this.#timer ??= setInterval(() => void this.sweep(), sweepEveryMs).unref()
    void this.sweep()
  }

  /** What was observed is taken in before this is over. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#running.values(), this.#sweeping])
  }

  /** One look at all that is kept; `start` has it done every 10 s. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping
      .then(() => this.#sweep())
      .catch((err: unknown) => this.#deps.logger.error({ err }, 'alerts could not be looked through'))
    return this.#sweeping
  }

  #inTurn(scope: string, work: () => Promise<void> | void): Promise<void> {
    const done = (this.#running.get(scope) ?? Promise.resolve())
      .then(work)
      .catch((err: unknown) => this.#deps.logger.error({ err, scope }, 'alerts could not be evaluated'))
    this.#running.set(scope, done)
    void done.then(() => this.#running.get(scope) === done && this.#running.delete(scope))
    return done
  }

  async #take(scope: string, observation: Observation): Promise<void> {
    if (!this.#deps.enabled()) return this.#store.put(scope, noAlerts)
    if (!this.#deps.isKnown(scope)) return
    this.#own.add(scope)
    const before = await this.#store.state(scope)
    const { state, changes } = evaluate(scope, before, observation, this.#now())
    this.#store.put(scope, state)
    await this.#announce(scope, changes)
  }

  async #announce(scope: string, changes: AlertChange[]): Promise<void> {
    const ends = changes.some(({ kind }) => kind === 'cleared')
    const acks = ends ? await this.#store.acks() : undefined
    for (const { kind, alert } of changes) {
      const ack = acks?.get(alert.id)
      if (kind === 'cleared' && ack !== undefined) this.#store.putAck(alert.id, null)
      if (kind === 'new') this.#beginnings.set(alert.id, alert.created)
      else if (kind === 'cleared') this.#beginnings.delete(alert.id)
      this.#tell(scope, alert.id)
      const ours = kind !== 'changed' && this.#own.has(scope)
      if (ours) this.#deps.onAlert?.(kind, withAck(alert, ack, this.#now()))
    }
  }

  async #sweep(): Promise<void> {
    const { enabled, isKnown } = this.#deps
    const [{ states, current }, acks] = await Promise.all([this.#store.states(), this.#store.acks()])
    const scopeOf = new Map<string, string>()
    for (const [scope, state] of states) {
      if (state.subjects.length === 0 && !isKnown(scope)) {
        this.#own.delete(scope)
        this.#store.forget(scope)
      }
      // Another replica may have a configuration that is older or newer: what it evaluates is its own.
      const ends = !(enabled() && isKnown(scope)) && (!this.#deps.shared || this.#own.has(scope))
      if (!ends) for (const { id } of raisedOf(state)) scopeOf.set(id, scope)
      else if (state.subjects.length > 0) {
        this.#store.put(scope, noAlerts)
        const changes = raisedOf(state).map((alert): AlertChange => ({ kind: 'cleared', alert }))
        // Switched off means that nobody is told, not even of the end.
        if (enabled()) await this.#announce(scope, changes)
      }
    }
    // Of alerts that could not be read nobody knows whether they are there.
    if (!current) return
    for (const [id, ack] of acks) {
      const scope = scopeOf.get(id)
      const ended = isOver(ack, this.#now())
      if (!ended && (scope !== undefined || this.#now() - ack.at < orphanMs)) continue
      this.#store.putAck(id, null)
      if (scope !== undefined) this.#tell(scope, id)
    }
  }

  async #find(id: string): Promise<{ scope: string; alert: Alert }> {
    const found = (await this.#placed()).find(({ alert }) => alert.id === id)
    if (found === undefined) throw new AppError('not_found', 'There is no such alert, or it has ended.')
    return found
  }

  /** Every alert with its scope. */
  async #placed(): Promise<{ scope: string; alert: Alert }[]> {
    if (!this.#deps.enabled()) return []
    const [{ states }, acks] = await Promise.all([this.#store.states(), this.#store.acks()])
    const now = this.#now()
    return [...states]
      .filter(([scope]) => this.#deps.isKnown(scope))
      .flatMap(([scope, state]) => raisedOf(state).map((alert) => ({ scope, alert })))
      .map(({ scope, alert }) => ({ scope, alert: withAck(alert, acks.get(alert.id), now) }))
  }

  /** Reads only what it tells: when a thousand hosts are lost at once, there are a thousand of these. */
  #tell(scope: string, id: string): void {
    let beginning: string | undefined
    const read = async (): Promise<BoardEvent[]> => {
      if (!this.#deps.enabled()) return []
      const [state, acks] = await Promise.all([this.#store.state(scope), this.#store.acks()])
      const alert = raisedOf(state).find((one) => one.id === id)
      if (alert === undefined) return [{ kind: 'alert_cleared', data: { id } }]
      beginning = this.#beginnings.get(id)
      const kind = beginning === undefined ? 'alert_changed' : 'alert_new'
      return [{ kind, data: withAck(alert, acks.get(id), this.#now()) }]
    }
    this.#deps.board.tell(`alert:${id}`, read, () => {
      // It may have begun anew since it was read.
      if (beginning !== undefined && this.#beginnings.get(id) === beginning) this.#beginnings.delete(id)
    })
  }
}

function raisedOf(state: AlertState): Raised[] {
  return state.subjects.flatMap(({ alert }) => alert ?? [])
}

function withAck(alert: Raised, ack: AckDocument | undefined, now: number): Alert {
  if (ack === undefined || !isOf(ack, alert) || isOver(ack, now)) return { ...alert, acknowledged: false }
  const { by, until } = ack
  return {
    ...{ ...alert, acknowledged: true, by },
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  }
}
