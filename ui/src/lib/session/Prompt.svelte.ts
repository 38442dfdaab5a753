import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { isMissing } from '#ui/api/request.ts'
import { recall, recallValue, remember, rememberValue, type Remembered } from '#ui/state/storage.ts'

type Body = { prompt: string } | { preset: string }

/** A send of which it is not known whether it arrived: repeated under its own key it starts nothing twice. */
interface Unanswered {
  content: string
  key: string
}

/** Later than this the same words are meant as a new turn. */
const sameSendMs = 600_000

/** What the operator is about to say in one session: kept until the server has taken it. */
export class Prompt {
  readonly #sessionId: string
  readonly #api: Api
  #text = $state('')
  #sending = $state(false)
  #refusal = $state<string | null>(null)
  #missing = $state(false)
  #unanswered: Remembered<Unanswered> | null

  constructor(sessionId: string, api: Api) {
    this.#sessionId = sessionId
    this.#api = api
    this.#text = recall(this.#draftName) ?? ''
    this.#unanswered = recallValue(this.#unansweredName)
  }

  get text(): string {
    return this.#text
  }

  set text(text: string) {
    this.#text = text
    this.#refusal = null
    remember(this.#draftName, text === '' ? null : text)
  }

  get sending(): boolean {
    return this.#sending
  }

  /** Why the last send was not taken, in a sentence. */
  get refusal(): string | null {
    return this.#refusal
  }

  /** The server does not know this session. */
  get missing(): boolean {
    return this.#missing
  }

  async sendText(): Promise<void> {
    const text = this.#text.trim()
    if (text === '') return
    const taken = await this.#send({ prompt: text })
    if (taken && this.#text.trim() === text) this.text = ''
  }

  async sendPreset(preset: string): Promise<void> {
    await this.#send({ preset })
  }

  async stop(): Promise<void> {
    const answer = await this.#api.cancel(this.#sessionId)
    this.#refusal = answer.ok ? null : `Not stopped. ${answer.failure.detail}`
  }

  /** Hands the draft on to the session that takes this one's place. */
  moveTo(sessionId: string): void {
    if (this.#text === '') return
    remember(`draft.${sessionId}`, this.#text)
    remember(this.#draftName, null)
  }

  get #unansweredName(): string {
    return `unanswered.${this.#sessionId}`
  }

  get #draftName(): string {
    return `draft.${this.#sessionId}`
  }

  async #send(body: Body): Promise<boolean> {
    if (this.#sending) return false
    const key = this.#keyFor(JSON.stringify(body))
    this.#sending = true
    this.#refusal = null
    const answer = await this.#api.prompt(this.#sessionId, body, key)
    this.#sending = false
    const failure = answer.ok ? null : answer.failure
    if (failure?.kind === 'offline' || (failure?.kind === 'refused' && failure.status >= 500)) {
      this.#refusal = `${failure.detail} It may not have arrived; sending it again starts nothing twice.`
      return false
    }
    this.#unanswered = null
    remember(this.#unansweredName, null)
    if (failure === null) return true
    if (failure.kind === 'refused' && failure.code === 'busy') {
      this.#refusal = 'Not sent: a turn is running already. Wait for its end, or stop it.'
    } else {
      this.#missing = isMissing(failure)
      this.#refusal = `Not sent. ${failure.detail}`
    }
    return false
  }

  /** Kept before anything is sent, so that a page that is lost meanwhile repeats it under the same key. */
  #keyFor(content: string): string {
    const known = this.#unanswered
    const now = Date.now()
    if (known?.value.content === content && now - known.at < sameSendMs) return known.value.key
    const value = { content, key: randomHex(16) }
    this.#unanswered = { at: now, value }
    rememberValue(this.#unansweredName, value, now)
    return value.key
  }
}
