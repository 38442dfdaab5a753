import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { recall, remember } from '#ui/state/storage.ts'

type Body = { prompt: string } | { preset: string }

/** What the operator is about to say in one session: kept until the server has taken it. */
export class Prompt {
  readonly #sessionId: string
  readonly #api: Api
  #text = $state('')
  #sending = $state(false)
  #refusal = $state<string | null>(null)
  #missing = $state(false)
  /** A send whose answer was lost is repeated under its own key, so that it starts nothing twice. */
  #unanswered: { content: string; key: string } | null = null

  constructor(sessionId: string, api: Api) {
    this.#sessionId = sessionId
    this.#api = api
    this.#text = recall(this.#draftName) ?? ''
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

  get #draftName(): string {
    return `draft.${this.#sessionId}`
  }

  async #send(body: Body): Promise<boolean> {
    if (this.#sending) return false
    const content = JSON.stringify(body)
    const key = this.#unanswered?.content === content ? this.#unanswered.key : randomHex(16)
    this.#sending = true
    this.#refusal = null
    const answer = await this.#api.prompt(this.#sessionId, body, key)
    this.#sending = false
    this.#unanswered = null
    if (answer.ok) return true
    const { failure } = answer
    if (failure.kind === 'offline') {
      this.#unanswered = { content, key }
      this.#refusal = `${failure.detail} It may not have arrived; sending it again starts nothing twice.`
    } else if (failure.kind === 'refused' && failure.code === 'busy') {
      this.#refusal = 'Not sent: a turn is running already. Wait for its end, or stop it.'
    } else {
      this.#missing = failure.kind === 'refused' && failure.status === 404
      this.#refusal = `Not sent. ${failure.detail}`
    }
    return false
  }
}
