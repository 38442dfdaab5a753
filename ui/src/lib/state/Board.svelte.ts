import type { BoardEvent, PendingApproval, Session } from '#app/schema/api.ts'
import { request, type RequestHooks } from '#ui/api/request.ts'
import { Attachment, type Link } from '#ui/attach/Attachment.ts'
import type { LogEvent } from '#ui/attach/readMessage.ts'
import { withApproval, withoutDecided, withSession } from './boardFolds.ts'
import type { Connection } from './Connection.svelte.ts'
import { Remote } from './Remote.svelte.ts'
import { sayWaiting, waitingIn, type Waiting } from './waiting.ts'

/** A browser has six connections for an origin: a tab that nobody sees leaves them to the others. */
const hiddenLimitMs = 30_000

/** Who else wants to know what the board tells. */
export interface BoardListener {
  /** What happened before is to be read now. */
  onCaughtUp: () => void
  onEvent: (kind: string, data: unknown) => void
}

export interface BoardOptions {
  hooks: RequestHooks
  onReturn: Connection['onReturn']
  sessions: Remote<Session[]>
}

/**
 * Follows the board while the page is seen. What it tells changes the snapshots at once; they are read whenever the
 * stream begins, for it tells nothing of what happened before.
 */
export class Board {
  readonly #options: BoardOptions
  // Never read by a template.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #listeners = new Set<BoardListener>()
  /** Never remembered: what waited yesterday does not wait now. */
  readonly #approvals: Remote<PendingApproval[]>
  #attachment: Attachment | null = null
  #link = $state.raw<Link>({ state: 'connecting' })

  constructor(options: BoardOptions) {
    this.#options = options
    this.#approvals = new Remote(() => request(options.hooks, '/api/approvals'), null)
  }

  /** What waits for an operator, anywhere, as far as it was heard since this page was opened. */
  get waiting(): Waiting[] {
    const { sessions } = this.#options
    return waitingIn(sessions.fresh ? (sessions.value ?? []) : [], this.#approvals.value ?? [])
  }

  get link(): Link {
    return this.#link
  }

  /** The same in a sentence; '' when nothing waits. */
  get says(): string {
    return sayWaiting(this.waiting)
  }

  /** Reads again what could not be read when the stream began. */
  readMissing(): void {
    for (const snapshot of [this.#options.sessions, this.#approvals])
      if (snapshot.failure !== null) void snapshot.load()
  }

  /** Tells `listener` until the returned function is called. */
  listen(listener: BoardListener): () => void {
    this.#listeners.add(listener)
    if (this.#link.state === 'attached') listener.onCaughtUp()
    return () => this.#listeners.delete(listener)
  }

  /** Follows until the returned function is called. */
  start(): () => void {
    let pausing: ReturnType<typeof setTimeout> | undefined
    const hide = (): void => {
      clearTimeout(pausing)
      if (document.visibilityState === 'hidden') pausing = setTimeout(() => this.#pause(), hiddenLimitMs)
    }
    const endReturns = this.#options.onReturn(() => this.#attach())
    document.addEventListener('visibilitychange', hide)
    this.#attach()
    return () => {
      clearTimeout(pausing)
      document.removeEventListener('visibilitychange', hide)
      endReturns()
      this.#pause()
    }
  }

  /** Opens a fresh connection: the old one may be dead without knowing it. */
  #attach(): void {
    if (this.#attachment !== null) return this.#attachment.wake()
    const { hooks, sessions } = this.#options
    const read = (): void => {
      void sessions.load()
      void this.#approvals.load()
      for (const { onCaughtUp } of this.#listeners) onCaughtUp()
    }
    this.#attachment = new Attachment({
      path: '/api/board/stream',
      from: 'head',
      fetch: hooks.fetch,
      onEvents: (events) => this.#take(events),
      onReset: () => undefined,
      onCaughtUp: read,
      onLink: (link) => {
        this.#link = link
        if (link.state === 'ended' && link.why === 'signed_out') hooks.onSignedOut()
      },
      onHeard: () => hooks.onReached(),
    })
    this.#attachment.start()
  }

  #pause(): void {
    this.#attachment?.stop()
    this.#attachment = null
  }

  #take(events: LogEvent[]): void {
    const { sessions } = this.#options
    for (const event of events) {
      // The contract types the events of the board; `data` is typed by its kind, and others are not for us.
      const { kind, data } = event as BoardEvent & LogEvent
      if (kind === 'session_update') {
        const session = data as Session
        sessions.change((list) => withSession(list, session))
        this.#approvals.change((list) => withoutDecided(list, session))
      } else if (kind === 'approval_pending') {
        this.#approvals.change((list) => withApproval(list, data as PendingApproval))
      }
      for (const { onEvent } of this.#listeners) onEvent(kind, data)
    }
  }
}
