import type { Logger } from 'pino'
import type { Documents } from '#app/history/Documents.ts'
import { readAck, type AckDocument } from './ackDocument.ts'
import { noAlerts, readAlertState, type AlertState } from './AlertState.ts'
import { joinStates } from './joinStates.ts'

export interface AlertStoreDeps {
  documents: Documents
  /** Whether other processes write to the same documents; without them what this one wrote last is what there is. */
  shared: boolean
  /** Asked when a state is written: while it is not sure that this process alone evaluates the scope, it waits. */
  mayWrite?: (scope: string) => boolean
  logger: Pick<Logger, 'debug'>
}

interface Known {
  /** As stored, '' for none: what did not change is neither written nor parsed again. */
  text: string
  state: AlertState
  /** What was stored before this process has not been read yet: nothing is written over it. */
  awaitsStored?: true
}

/** The states of all scopes and the acknowledgements. While the store is away, what was last known of them. */
export class AlertStore {
  readonly #deps: AlertStoreDeps
  readonly #states = new Map<string, Known>()
  #acks = new Map<string, AckDocument>()

  constructor(deps: AlertStoreDeps) {
    this.#deps = deps
  }

  /** The state of one scope, as whoever evaluated it last has left it. */
  async state(scope: string): Promise<AlertState> {
    const known = this.#states.get(scope)
    if (known !== undefined && !known.awaitsStored && !this.#deps.shared) return known.state
    const found = await this.#read('alerts', [scope])
    if (found !== null) return this.#found(scope, found.get(scope) ?? '')
    if (known === undefined) this.#states.set(scope, { text: '', state: noAlerts, awaitsStored: true })
    return this.#states.get(scope)?.state ?? noAlerts
  }

  put(scope: string, state: AlertState): void {
    const text = state.subjects.length === 0 ? '' : JSON.stringify(state)
    const known = this.#states.get(scope)
    if (known?.awaitsStored) return void this.#states.set(scope, { ...known, state })
    if (known?.text === text) return
    this.#states.set(scope, { text, state })
    this.#deps.documents.put('alerts', scope, text || null, () => this.#deps.mayWrite?.(scope) ?? true)
  }

  /** Another process evaluates the scope from now on: what this one has not written yet must not come after its word. */
  letGo(scope: string): void {
    this.#deps.documents.discard('alerts', scope)
    this.#states.delete(scope)
  }

  /** Nothing is raised there any more, nor will be. */
  forget(scope: string): void {
    this.#states.delete(scope)
  }

  /** `current` is false while they are from memory alone, where some may be missing. */
  async states(): Promise<{ states: Map<string, AlertState>; current: boolean }> {
    const found = await this.#read('alerts')
    if (found !== null)
      for (const scope of new Set([...this.#states.keys(), ...found.keys()]))
        this.#found(scope, found.get(scope) ?? '')
    const states = new Map([...this.#states].map(([scope, { state }]) => [scope, state]))
    return { states, current: found !== null }
  }

  async acks(): Promise<ReadonlyMap<string, AckDocument>> {
    const found = await this.#read('ack')
    if (found !== null)
      this.#acks = new Map(
        [...found].flatMap(([id, text]) => {
          const ack = readAck(text)
          return ack === null ? [] : [[id, ack] as const]
        }),
      )
    return this.#acks
  }

  putAck(id: string, ack: AckDocument | null): void {
    if (ack === null) this.#acks.delete(id)
    else this.#acks.set(id, ack)
    this.#deps.documents.put('ack', id, ack && JSON.stringify(ack))
  }

  /** As `putAck`, and it is written when this is over; if it cannot be, nothing has changed. Throws `log_unavailable`. */
  async saveAck(id: string, ack: AckDocument | null): Promise<void> {
    const before = this.#acks.get(id)
    this.putAck(id, ack)
    try {
      await this.#deps.documents.flush()
    } catch (error) {
      this.#deps.documents.discard('ack', id)
      if (before === undefined) this.#acks.delete(id)
      else this.#acks.set(id, before)
      throw error
    }
  }

  #found(scope: string, text: string): AlertState {
    const known = this.#states.get(scope)
    if (known?.text === text && !known.awaitsStored) return known.state
    const stored = readAlertState(text)
    const state = known?.awaitsStored ? joinStates(stored, known.state) : stored
    this.#states.set(scope, { text, state })
    return state
  }

  async #read(kind: string, names?: string[]): Promise<Map<string, string> | null> {
    try {
      return await this.#deps.documents.read(kind, names)
    } catch (err) {
      this.#deps.logger.debug({ err, kind }, 'alerts go on from memory')
      return null
    }
  }
}
