import type { SessionEvent } from '#app/schema/events.ts'
import type { Breakglass } from '../fakes/breakglass.ts'
import { judgeApproval } from './judgeApproval.ts'

export interface Turn {
  events: SessionEvent[]
  /** Actions that were approved, and those that were denied. */
  approved: string[]
  denied: string[]
  /** Whether it was cancelled because its time was over. */
  ranOut: boolean
}

export interface TurnOptions {
  prompt: string
  target: string
  model?: string
  expected: RegExp[]
  limitMs: number
}

const graceMs = 10_000

/** Plays the operator of one turn: asks, then approves what the case expects, denies the rest, and waits for the end. */
export async function operate(server: Breakglass, options: TurnOptions): Promise<Turn> {
  const { prompt, target, model, expected, limitMs } = options
  const created = await must(server.api('POST', '/api/session', { target }), 201)
  const session = `/api/session/${created.session_id}`
  await must(server.api('POST', `${session}/prompt`, { prompt, ...(model !== undefined && { model }) }), 202)
  const turn: Turn = { events: [], approved: [], denied: [], ranOut: false }
  const end = Date.now() + limitMs
  for (;;) {
    const after = turn.events.at(-1)?.id ?? 0
    const waitS = Math.max(1, Math.min(25, Math.ceil((end - Date.now()) / 1000)))
    const page = await must(
      server.api('GET', `${session}/events?after=${after}&limit=1000&wait=${waitS}`),
      200,
    )
    // Of the server that is tested: its own schema has made them.
    const news = page.events as SessionEvent[]
    turn.events.push(...news)
    for (const event of news) {
      if (event.kind === 'approval') await decide(server, session, event, expected, turn)
      if (event.kind === 'question') {
        const text = 'There is nobody to ask: use your own judgement, within what you may do.'
        await server.api('POST', `${session}/answers/${event.question}`, { text })
      }
      if (event.kind === 'turn_end') return turn
    }
    if (Date.now() > end + graceMs) throw new Error('the turn did not end after it was cancelled')
    if (Date.now() > end && !turn.ranOut) {
      turn.ranOut = true
      await server.api('POST', `${session}/cancel`)
    }
  }
}

async function decide(
  server: Breakglass,
  session: string,
  { approval, action }: Extract<SessionEvent, { kind: 'approval' }>,
  expected: RegExp[],
  turn: Turn,
): Promise<void> {
  const isRight = judgeApproval(action, expected)
  ;(isRight ? turn.approved : turn.denied).push(action)
  const body = isRight
    ? { decision: 'approve' }
    : { decision: 'deny', reason: 'That is more than this fault needs, or something else.' }
  await must(server.api('POST', `${session}/approvals/${approval}`, body), 200)
}

async function must(reply: ReturnType<Breakglass['api']>, status: number) {
  const { status: got, json, text } = await reply
  if (got !== status) throw new Error(`the server answered ${got} instead of ${status}: ${text}`)
  return json
}
