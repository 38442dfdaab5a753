import { AppError } from '#app/errors.ts'
import type { Batch, EventLog, Position } from '#app/eventlog/EventLog.ts'
import { toJsonTexts } from '#app/eventlog/frame.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { decide, type Command, type Decision } from './decide.ts'
import { emptySession, evolve, type SessionState } from './evolve.ts'

export const streamOf = (sessionId: string): string => `session:${sessionId}`

export interface Folded {
  state: SessionState
  position: Position
}

/** What a command did: `events` is 0 when it already held. `position` is where the log stood after it. */
export interface Done extends Folded {
  events: number
  turn?: string
}

const pageSize = 2000
const foldsKept = 500
const attempts = 50

/**
 * Sessions as folds of their logs. The folds are cached and carried on from where they stood, so that a
 * command costs one short read; every change is a compare-and-append of what `decide` says.
 */
export class SessionStore {
  readonly #log: EventLog
  readonly #onChange: (state: SessionState) => void
  readonly #folds = new Map<string, Folded>()

  /** `onChange` is told what is true after every command that changed something here. It must not throw. */
  constructor(log: EventLog, onChange: (state: SessionState) => void = () => undefined) {
    this.#log = log
    this.#onChange = onChange
  }

  /** What is true of the session now; `head` 0 when it does not exist. */
  async fold(sessionId: string): Promise<Folded> {
    let folded = this.#folds.get(sessionId) ?? { state: emptySession, position: { epoch: '', seq: 0 } }
    for (;;) {
      const page = await this.#log.page(streamOf(sessionId), folded.position.seq, pageSize)
      const lost = page.epoch !== folded.position.epoch || page.head < folded.position.seq
      if (lost && folded.position.seq > 0) {
        folded = { state: emptySession, position: { epoch: '', seq: 0 } }
        if (page.head > 0) continue
      }
      if (page.batch !== null) {
        folded = {
          state: parseEvents(page.batch).reduce(evolve, folded.state),
          position: { epoch: page.epoch, seq: page.batch.last },
        }
      }
      if (page.batch === null || page.batch.last >= page.head) break
    }
    this.#keep(sessionId, folded)
    return folded
  }

  /**
   * Decides on the present state and appends, again and again until nobody came in between. Nothing is appended
   * any more once `signal` has aborted.
   */
  async execute(sessionId: string, command: Command, signal?: AbortSignal): Promise<Done> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const folded = await this.fold(sessionId)
      const decision: Decision = decide(folded.state, command)
      if ('rejected' in decision) throw new AppError(decision.rejected, decision.why, decision.fields)
      const turn = decision.turn === undefined ? {} : { turn: decision.turn }
      if (decision.events.length === 0) return { ...folded, events: 0, ...turn }
      signal?.throwIfAborted()
      const result = await this.#log.append(streamOf(sessionId), folded.position, decision.events)
      if (!result.ok) continue
      const state = parseEvents(result.batch).reduce(evolve, folded.state)
      const position = { epoch: result.batch.epoch, seq: result.batch.last }
      this.#keep(sessionId, { state, position })
      this.#onChange(state)
      return { state, position, events: decision.events.length, ...turn }
    }
    throw new AppError('busy', 'Too many others changed this session at the same moment. Try again.')
  }

  /** Every event of the session, in order. */
  async events(sessionId: string): Promise<{ events: SessionEvent[]; position: Position }> {
    const events: SessionEvent[] = []
    let position: Position = { epoch: '', seq: 0 }
    for (;;) {
      const page = await this.#log.page(streamOf(sessionId), position.seq, pageSize)
      if (page.batch === null) return { events, position }
      events.push(...parseEvents(page.batch))
      position = { epoch: page.epoch, seq: page.batch.last }
      if (page.batch.last >= page.head) return { events, position }
    }
  }

  #keep(sessionId: string, folded: Folded): void {
    this.#folds.delete(sessionId)
    if (folded.position.seq > 0) this.#folds.set(sessionId, folded)
    const oldest = this.#folds.keys().next()
    if (this.#folds.size > foldsKept && !oldest.done) this.#folds.delete(oldest.value)
  }
}

/** The events of a batch. They were validated where they were made; the log is ours, so they are not checked again. */
export function parseEvents(batch: Batch): SessionEvent[] {
  // JSON.parse gives `any`: what stands in a session's stream was written from a SessionDraft.
  return toJsonTexts(batch.frames).map((text) => JSON.parse(text) as SessionEvent)
}
