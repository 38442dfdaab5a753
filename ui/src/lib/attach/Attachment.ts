import { isSignedOut } from '#ui/api/request.ts'
import { backoffMs } from './backoff.ts'
import { atStart, follow, type Position } from './position.ts'
import { readMessage, type LogEvent, type Message } from './readMessage.ts'
import { takeFrames } from './takeFrames.ts'

/**
 * How the attachment stands. `ended` comes back only through `retry()`, and when signed out through `wake()` too;
 * all else comes back by itself.
 */
export type Link =
  | { state: 'connecting' }
  | { state: 'attached' }
  | { state: 'reconnecting'; attempt: number; why: string }
  | { state: 'ended'; why: 'missing' | 'gone' | 'signed_out' | 'refused'; detail: string }

export interface AttachmentOptions {
  /** Path of the stream, without a query. */
  path: string
  /**
   * Where to go on from; `atStart` for all of it. `head`: only what happens while attached, so each connection
   * begins anew, and what it missed has to be read elsewhere at every `onCaughtUp`.
   */
  from: Position | 'head'
  fetch: typeof fetch
  /** New events, contiguous with what was told before. */
  onEvents: (events: LogEvent[], position: Position) => void
  /** Drop all that was told before: it is not this log any more. */
  onReset: () => void
  /** All that stood in the log has been told. */
  onCaughtUp: () => void
  onLink: (link: Link) => void
  /** Bytes came: the line is alive. */
  onHeard: () => void
  random?: () => number
  silenceMs?: number
  connectMs?: number
}

/** Three pings of 15 s missed: the socket is dead, whatever it says of itself. */
const threePingsMs = 45_000
const connectLimitMs = 10_000
/** A new connection that takes longer than this is shown; a quick one would only flicker. */
const quietMs = 1_000
/** A connection that lived this long was sound: the back-off begins anew. */
const steadyMs = 20_000

/**
 * Follows one log over SSE and never gives up: reconnects with back-off, notices a silent line, resumes by
 * position, fills holes by attaching again. `fetch` rather than EventSource, because a status can be read and a
 * refused answer is not the end.
 */
export class Attachment {
  readonly #options: AttachmentOptions
  readonly #fromHead: boolean
  #position: Position
  #link: Link = { state: 'connecting' }
  #attempt = 0
  /** The position at which a hole was seen last: the same hole twice is taken as it is. */
  #holeAt: number | null = null
  /** The server has told a reset and no event yet: the log may begin anywhere. */
  #afterReset = false
  #stopped = false
  #connection: AbortController | null = null
  #endWait: (() => void) | null = null

  constructor(options: AttachmentOptions) {
    this.#options = options
    this.#fromHead = options.from === 'head'
    this.#position = options.from === 'head' ? atStart : options.from
  }

  start(): void {
    this.#options.onLink(this.#link)
    void this.#run()
  }

  /** Opens a fresh connection now: the page was hidden, or the network came back. What is gone stays gone. */
  wake(): void {
    if (this.#link.state !== 'ended' || this.#link.why === 'signed_out') this.retry()
  }

  /** Opens a fresh connection now, after an end too. */
  retry(): void {
    if (this.#stopped) return
    this.#attempt = 0
    this.#connection?.abort('wake')
    this.#endWait?.()
    if (this.#link.state !== 'ended') return
    this.#setLink({ state: 'connecting' })
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#connection?.abort('stop')
    this.#endWait?.()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const connection = new AbortController()
      const begun = performance.now()
      this.#connection = connection
      const why = await this.#connect(connection)
      this.#connection = null
      if (performance.now() - begun > steadyMs) this.#attempt = 0
      if (this.#stopped || this.#link.state === 'ended') return
      if (connection.signal.reason === 'wake') continue
      console.warn(`breakglass: stream ended, ${why}; try ${this.#attempt + 1}`)
      this.#setLink({ state: 'reconnecting', attempt: this.#attempt, why })
      await this.#wait(backoffMs(this.#attempt, (this.#options.random ?? Math.random)()))
      this.#attempt++
    }
  }

  /** One connection, from its request to its end. Returns why it ended, in words. */
  async #connect(connection: AbortController): Promise<string> {
    const { path, connectMs = connectLimitMs, silenceMs = threePingsMs } = this.#options
    if (this.#fromHead) this.#position = atStart
    const slow = setTimeout(() => {
      if (this.#link.state === 'attached') this.#setLink({ state: 'connecting' })
    }, quietMs)
    let watchdog = setTimeout(() => connection.abort('no answer'), connectMs)
    const alive = (): void => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => connection.abort('no sign of life'), silenceMs)
      this.#options.onHeard()
    }
    try {
      const { epoch, seq } = this.#position
      const response = await this.#options.fetch(seq === 0 ? path : `${path}?after=${epoch}.${seq}`, {
        redirect: 'manual',
        cache: 'no-store',
        headers: { Accept: 'text/event-stream' },
        signal: connection.signal,
      })
      const refusal = await this.#refusal(response)
      if (refusal !== null) return refusal
      clearTimeout(slow)
      alive()
      console.info(`breakglass: attached after ${seq}`)
      this.#setLink({ state: 'attached' })
      return await this.#read(response, alive)
    } catch {
      const reason: unknown = connection.signal.reason
      return typeof reason === 'string' ? reason : 'the connection broke'
    } finally {
      clearTimeout(slow)
      clearTimeout(watchdog)
      if (!connection.signal.aborted) connection.abort('done')
    }
  }

  /** Null when the answer is a stream; else why not, having set `ended` where trying again cannot help. */
  async #refusal(response: Response): Promise<string | null> {
    if (isSignedOut(response)) return this.#end('signed_out', 'You are signed out.')
    if (response.ok && response.headers.get('content-type')?.startsWith('text/event-stream') === true)
      return null
    const body: unknown = await response.json().catch(() => null)
    const { detail, code } = readError(response.status, body)
    // A page of a proxy with the same status says nothing of the session.
    if (response.status === 404 && code === 'not_found') return this.#end('missing', detail)
    if ((response.status === 400 || response.status === 403) && code !== null)
      return this.#end('refused', detail)
    return detail
  }

  #end(why: Extract<Link, { state: 'ended' }>['why'], detail: string): string {
    console.warn(`breakglass: stream ended for good, ${why}`)
    this.#setLink({ state: 'ended', why, detail })
    return detail
  }

  async #read(response: Response, alive: () => void): Promise<string> {
    if (response.body === null) return 'the answer had no body'
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let received = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return 'the server closed it'
      alive()
      const cut = takeFrames(received + value)
      received = cut.rest
      const messages = cut.frames.map(readMessage)
      const end = this.#take(messages)
      if (end !== null) {
        await reader.cancel()
        return end
      }
    }
  }

  /** Takes what one chunk held, telling its events at once. Returns why to end the connection, or null. */
  #take(messages: (Message | null)[]): string | null {
    let batch: LogEvent[] = []
    const tell = (): void => {
      if (batch.length > 0) this.#options.onEvents(batch, this.#position)
      batch = []
    }
    for (const message of messages) {
      if (message === null) {
        console.warn('breakglass: a frame could not be read, skipped')
        continue
      }
      let step = this.#judge(message)
      if (step.type === 'hole') {
        tell()
        if (this.#holeAt !== this.#position.seq) {
          this.#holeAt = this.#position.seq
          return `a hole after ${this.#position.seq}`
        }
        console.warn(`breakglass: the log has a hole after ${this.#position.seq}`)
        step = this.#acceptHole(message)
      }
      if (step.type === 'drop-all') {
        batch = []
        this.#afterReset = message.type === 'reset'
        this.#drop(message.type === 'reset' ? message.reason : 'the log is shorter than what we had')
        if (message.type !== 'reset' || this.#fromHead) return 'attaching from the start'
      }
      if (step.type === 'take' && message.type === 'event') {
        this.#position = step.position
        this.#afterReset = false
        if (message.event === null)
          console.warn(`breakglass: event ${message.seq} could not be read, skipped`)
        else batch.push(message.event)
      }
      if (message.type === 'caught-up') {
        tell()
        this.#options.onCaughtUp()
      }
      if (message.type === 'gone') {
        tell()
        return this.#end('gone', 'This session has ended for good.')
      }
    }
    tell()
    return null
  }

  /** From the head the log may begin anywhere; from its first event on it is whole, as any other. */
  #judge(message: Message): ReturnType<typeof follow> {
    const begins = this.#fromHead && this.#position.seq === 0
    if (begins && message.type === 'caught-up') return { type: 'note' }
    return follow(this.#position, message, begins || this.#afterReset)
  }

  /** The same hole again: what lies there is lost, or another log has taken its place. */
  #acceptHole(message: Message): ReturnType<typeof follow> {
    if (message.type === 'event' && (message.epoch === this.#position.epoch || this.#position.seq === 0))
      return { type: 'take', position: { epoch: message.epoch, seq: message.seq } }
    if (message.type === 'caught-up' && message.head > this.#position.seq) {
      this.#position = { ...this.#position, seq: message.head }
      return { type: 'note' }
    }
    return { type: 'drop-all' }
  }

  #drop(reason: string): void {
    console.warn(`breakglass: reset, ${reason}`)
    // A hole at the very start stays known: else a log that never has its beginning is attached to for ever.
    if (this.#position.seq !== 0) this.#holeAt = null
    this.#position = atStart
    this.#options.onReset()
  }

  #setLink(link: Link): void {
    this.#link = link
    this.#options.onLink(link)
  }

  #wait(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endWait = () => {
        clearTimeout(timer)
        resolve()
      }
    }).then(() => {
      this.#endWait = null
    })
  }
}

/** What an error says; the server's own have a code. */
function readError(status: number, body: unknown): { detail: string; code: string | null } {
  const { detail, code }: { detail?: unknown; code?: unknown } =
    typeof body === 'object' && body !== null ? body : {}
  return {
    detail: typeof detail === 'string' ? detail : `The server answered ${status}.`,
    code: typeof code === 'string' ? code : null,
  }
}
