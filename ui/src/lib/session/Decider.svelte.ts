import type { ApprovalDecision } from '#app/schema/api.ts'
import type { Answer } from '#ui/api/request.ts'

type Send = (decision: ApprovalDecision, reason?: string) => Promise<Answer<unknown>>

/** `over`: the server has said that nothing is left to decide; the log tells what was decided. */
export type Deciding =
  | { step: 'open'; refusal: string | null }
  | { step: 'sending'; decision: ApprovalDecision }
  | { step: 'taken'; decision: ApprovalDecision }
  | { step: 'over'; why: string }

const retry = 'It may not have arrived. Decide again: it counts once.'

/** One operator's decision on one approval, until the log shows what holds. */
export class Decider {
  readonly #send: Send
  #deciding = $state.raw<Deciding>({ step: 'open', refusal: null })

  constructor(send: Send) {
    this.#send = send
  }

  get deciding(): Deciding {
    return this.#deciding
  }

  async decide(decision: ApprovalDecision, reason = ''): Promise<void> {
    if (this.#deciding.step !== 'open') return
    this.#deciding = { step: 'sending', decision }
    const said = reason.trim()
    const answer = await this.#send(decision, said === '' ? undefined : said)
    this.#deciding = answer.ok ? { step: 'taken', decision } : after(answer.failure)
  }
}

function after(failure: Extract<Answer<unknown>, { ok: false }>['failure']): Deciding {
  if (failure.kind === 'refused' && [409, 410].includes(failure.status))
    return { step: 'over', why: failure.detail }
  const doubtful = failure.kind === 'offline' || (failure.kind === 'refused' && failure.status >= 500)
  return {
    step: 'open',
    refusal: doubtful ? `${failure.detail} ${retry}` : `Not decided. ${failure.detail}`,
  }
}
