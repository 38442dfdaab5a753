import type { Logger } from 'pino'
import type { Documents } from '#app/history/Documents.ts'
import { readAck, type AckDocument } from './ackDocument.ts'
import { noAlerts, readAlertState, type AlertState } from './AlertState.ts'

export interface AlertStoreDeps {
  documents: Documents
  /** Whether other processes write to the same documents; without them what this one wrote last is what there is. */
  shared: boolean
  logger: Pick<Logger, 'debug'>
}

/** The states of all scopes and the acknowledgements. While the store is away, what was last known of them. */
export class AlertStore {
  readonly #deps: AlertStoreDeps
  /** As stored, '' for none, and as read: what did not change is neither written nor parsed again. */
  readonly #states = new Map<string, { text: string; state: AlertState }>()
  #acks = new Map<string, AckDocument>()

  constructor(deps: AlertStoreDeps) {
    this.#deps = deps
  }

  /** The state of one scope, as whoever evaluated it last has left it. */
  async state(scope: string): Promise<AlertState> {
    const known = this.#states.get(scope)
    if (known !== undefined && !this.#deps.shared) return known.state
    const found = await this.#read('alerts', [scope])
    if (found !== null) return this.#found(scope, found.get(scope) ?? '')
    return known?.state ?? noAlerts
  }

  put(scope: string, state: AlertState): void {
    const text = state.subjects.length === 0 ? '' : JSON.stringify(state)
    if (this.#states.get(scope)?.text === text) return
    this.#states.set(scope, { text, state })
    this.#deps.documents.put('alerts', scope, text || null)
  }

  async states(): Promise<Map<string, AlertState>> {
    const found = await this.#read('alerts')
    if (found !== null)
      for (const scope of new Set([...this.#states.keys(), ...found.keys()]))
        this.#found(scope, found.get(scope) ?? '')
    return new Map([...this.#states].map(([scope, { state }]) => [scope, state]))
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

  #found(scope: string, text: string): AlertState {
    const known = this.#states.get(scope)
    if (known?.text === text) return known.state
    const state = readAlertState(text)
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
