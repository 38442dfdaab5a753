import type { SessionEvent } from '#app/schema/events.ts'
import type { Api } from '#ui/api/Api.ts'
import { Attachment, type Link } from '#ui/attach/Attachment.ts'
import { atStart, type Position } from '#ui/attach/position.ts'
import type { LogEvent } from '#ui/attach/readMessage.ts'
import type { Connection } from '#ui/state/Connection.svelte.ts'
import { foldTranscript } from './foldTranscript.ts'
import { recallLog, rememberLog } from './storedLog.ts'
import { emptyTranscript, type Transcript } from './transcript.ts'

/** One session as it is looked at: its log folded, and how we hang on to it. */
export class SessionView {
  readonly id: string
  readonly #connection: Connection
  readonly #attachment: Attachment
  #events: LogEvent[] = []
  #position: Position = atStart
  #transcript = $state.raw<Transcript>(emptyTranscript)
  #link = $state.raw<Link>({ state: 'connecting' })
  #caughtUp = $state(false)
  #heardAt = $state<number | null>(null)

  constructor(id: string, api: Api, connection: Connection, fetchLike: typeof fetch) {
    this.id = id
    this.#connection = connection
    const known = recallLog(id)
    if (known !== null) {
      this.#keep(known.events, known.position)
      this.#heardAt = known.at
    }
    this.#attachment = new Attachment({
      path: api.streamPath(id),
      from: this.#position,
      fetch: fetchLike,
      onEvents: (events, position) => this.#keep(events, position),
      onReset: () => this.#drop(),
      onCaughtUp: () => {
        this.#caughtUp = true
        this.save()
      },
      onLink: (link) => this.#follow(link),
      onHeard: () => {
        this.#heardAt = Date.now()
        this.#connection.reached()
      },
    })
  }

  get transcript(): Transcript {
    return this.#transcript
  }

  get link(): Link {
    return this.#link
  }

  /** All that stood in the log when we attached has been told. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** When this log's line was last alive, in ms since 1970. */
  get heardAt(): number | null {
    return this.#heardAt
  }

  /** Attaches until the returned function is called. */
  start(): () => void {
    this.#attachment.start()
    const endReturns = this.#connection.onReturn(() => this.#attachment.wake())
    const save = (): void => this.save()
    addEventListener('pagehide', save)
    return () => {
      this.save()
      removeEventListener('pagehide', save)
      endReturns()
      this.#attachment.stop()
    }
  }

  /** Attaches anew after an end. */
  retry(): void {
    this.#attachment.retry()
  }

  /** Nothing is kept of a session that has ended, nor on a device that was signed out. */
  save(): void {
    if (this.#position.seq === 0 || this.#link.state === 'ended') return
    if (this.#connection.reach.state === 'signed_out') return
    rememberLog({ sessionId: this.id, position: this.#position, events: this.#events }, Date.now())
  }

  #keep(events: LogEvent[], position: Position): void {
    this.#events.push(...events)
    this.#position = position
    // The contract types the events of a session stream; a kind that is unknown here only moves the head.
    this.#transcript = (events as SessionEvent[]).reduce(foldTranscript, this.#transcript)
    if (this.#caughtUp && events.some(({ kind }) => kind === 'turn_end')) this.save()
  }

  #drop(): void {
    this.#events = []
    this.#position = atStart
    this.#transcript = emptyTranscript
    this.#caughtUp = false
  }

  #follow(link: Link): void {
    this.#link = link
    if (link.state === 'reconnecting' && link.attempt > 0) this.#connection.unreached()
    if (link.state === 'ended' && link.why === 'signed_out') this.#connection.signedOut()
  }
}
