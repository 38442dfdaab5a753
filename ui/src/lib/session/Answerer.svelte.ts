import type { Answer } from '#ui/api/request.ts'

export type Answering =
  | { step: 'open'; refusal: string | null }
  | { step: 'sending' | 'taken'; text: string }
  | { step: 'over'; why: string }

/** One operator's answer to one question, until the log shows it. */
export class Answerer {
  readonly #send: (text: string) => Promise<Answer<unknown>>
  #answering = $state.raw<Answering>({ step: 'open', refusal: null })

  constructor(send: (text: string) => Promise<Answer<unknown>>) {
    this.#send = send
  }

  get answering(): Answering {
    return this.#answering
  }

  /** The server takes one answer to a question, so one of which nothing was heard may be given again. */
  async answer(text: string): Promise<void> {
    const words = text.trim()
    if (words === '' || this.#answering.step !== 'open') return
    this.#answering = { step: 'sending', text: words }
    const answer = await this.#send(words)
    if (answer.ok) this.#answering = { step: 'taken', text: words }
    else if (answer.failure.kind === 'refused' && answer.failure.status === 409)
      this.#answering = { step: 'over', why: answer.failure.detail }
    else this.#answering = { step: 'open', refusal: `Not answered. ${answer.failure.detail}` }
  }
}
