import type { EventLog, Position } from '#app/eventlog/EventLog.ts'
import { LogWriter } from '#app/eventlog/LogWriter.ts'
import { redact } from '#app/policy/redact.ts'
import type { SessionDraft, SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { parseEvents, streamOf } from '#app/session/SessionStore.ts'

/**
 * Why an owner must stop: an operator asked; another replica owns the turn now, or the log was lost; this process
 * goes, and leaves the turn as it stands to whoever comes next.
 */
export type StopReason = 'cancelled' | 'replaced' | 'handed over'

export interface TurnLogOptions {
  log: EventLog
  sessionId: string
  turn: string
  replica: string
  events: SessionEvent[]
  position: Position
  now: () => Date
}

/**
 * The owner's view of its session while a turn runs: what stands in the log and what it has said itself, in
 * order. It follows its own log, so that a cancel or a take-over by anyone aborts `signal` at once.
 */
export class TurnLog {
  readonly events: SessionEvent[]
  readonly #options: TurnLogOptions
  readonly #writer: LogWriter
  readonly #stop = new AbortController()
  readonly #unfollow: () => void
  /** Who waits for something in `events`. */
  readonly #waiting = new Set<() => void>()
  #buffering = false
  #onBuffering = Promise.withResolvers<void>()

  constructor(options: TurnLogOptions) {
    const { log, sessionId, position } = options
    this.#options = options
    this.events = options.events
    this.#writer = new LogWriter(log, streamOf(sessionId), position, {
      // Stored by another owner of the same code, from a SessionDraft.
      onForeign: (events) => this.#meet(events as unknown as SessionEvent[]),
      onState: (state) => this.#setBuffering(state === 'buffering'),
    })
    this.#unfollow = log.follow(streamOf(sessionId), position, (change) => {
      if (change.type === 'reset') {
        if (change.head === 0) this.#stop.abort('replaced' satisfies StopReason)
      } else this.#meet(parseEvents(change.batch))
    })
  }

  /** Aborted with a `StopReason` when this owner must stop, or with the error that leaves no other way. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get stopReason(): StopReason | null {
    const reason: unknown = this.#stop.signal.reason
    return reason === 'cancelled' || reason === 'replaced' || reason === 'handed over' ? reason : null
  }

  /** Says something without waiting for the log. With the tail full, which is the end of the turn, aborts `signal`. */
  say(...said: SessionDraft[]): void {
    const drafts = this.#remember(said)
    try {
      this.#writer.write(drafts)
    } catch (error) {
      this.#stop.abort(error)
    }
  }

  /** Whether it waits for an operator. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Leaves the turn as it stands: nothing more is said, and whoever comes next goes on with it. */
  handOver(): void {
    this.#stop.abort('handed over' satisfies StopReason)
  }

  /** Stops the turn on the word of an operator of this replica, which needs no log. */
  cancelHere(by: string): void {
    if (this.#stop.signal.aborted) return
    this.say({ kind: 'cancelled', turn: this.#options.turn, by })
    this.#stop.abort('cancelled' satisfies StopReason)
  }

  /**
   * Records facts before what they announce happens. While the log is away this does not wait: the facts
   * stand in the owner's tail, which is enough for what changes nothing.
   */
  async record(...facts: SessionDraft[]): Promise<void> {
    const drafts = this.#remember(facts)
    const durable = this.#writer.commit(drafts)
    if (this.#buffering) void durable.catch(() => undefined)
    else await Promise.race([durable, this.#onBuffering.promise])
  }

  /** Resolves once `pick` finds something among the events, foreign ones included; rejects when `signal` aborts. */
  async waitFor<T>(
    pick: (events: readonly SessionEvent[]) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const look = (): void => {
      const found = pick(this.events)
      if (found !== undefined) resolve(found)
    }
    const abort = (): void => reject(signal.reason as Error)
    this.#waiting.add(look)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    else look()
    try {
      return await promise
    } finally {
      this.#waiting.delete(look)
      signal.removeEventListener('abort', abort)
    }
  }

  /** The log is away: what is said stands in this process only. */
  get buffering(): boolean {
    return this.#buffering
  }

  /** Records facts; resolves when they are durable. What changes a machine begins only then. */
  async store(...facts: SessionDraft[]): Promise<void> {
    const drafts = this.#remember(facts)
    await this.#writer.commit(drafts)
  }

  async close(): Promise<void> {
    this.#unfollow()
    await this.#writer.close()
  }

  #remember(said: SessionDraft[]): SessionDraft[] {
    const drafts = said.map(withoutSecrets)
    for (const draft of drafts) {
      const id = (this.events.at(-1)?.id ?? 0) + 1
      // A draft with id and date is an event; the log may give it a later id when others came in between.
      this.events.push({ ...draft, id, at: this.#options.now().toISOString() })
    }
    return drafts
  }

  #meet(events: SessionEvent[]): 'go on' | 'stop' {
    for (const event of events) {
      if (event.turn !== this.#options.turn) continue
      if (event.kind === 'decision' || event.kind === 'answer') this.#learn(event)
      if (event.kind === 'cancelled') this.#stop.abort('cancelled' satisfies StopReason)
      if (event.kind === 'takeover' && event.to !== this.#options.replica)
        this.#stop.abort('replaced' satisfies StopReason)
    }
    return this.#stop.signal.aborted ? 'stop' : 'go on'
  }

  /** Others' words reach the owner twice, as a follower and when an append meets them: they count once. */
  #learn(event: SessionEventOf<'decision'> | SessionEventOf<'answer'>): void {
    const card = event.kind === 'decision' ? event.approval : event.question
    const known = this.events.some(
      (one) =>
        (one.kind === 'decision' && one.approval === card) ||
        (one.kind === 'answer' && one.question === card),
    )
    if (known) return
    this.events.push(event)
    for (const look of this.#waiting) look()
  }

  #setBuffering(buffering: boolean): void {
    this.#buffering = buffering
    if (buffering) this.#onBuffering.resolve()
    else this.#onBuffering = Promise.withResolvers<void>()
  }
}

/** Sentences that quote others: a provider's error, a machine's, a model's question. Outputs come redacted. */
function withoutSecrets(draft: SessionDraft): SessionDraft {
  switch (draft.kind) {
    case 'error':
      return { ...draft, error: redact(draft.error) }
    case 'notice':
    case 'nudge':
    case 'question':
      return { ...draft, text: redact(draft.text) }
    case 'approval':
      return { ...draft, why: redact(draft.why) }
    default:
      return draft
  }
}
