import type { StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { compactionNotice, describeCall, plainSummary, summaryPrompt, summaryText } from './compact.ts'
import type { ContextRoom } from './contextRoom.ts'
import type { TurnDeps } from './TurnDeps.ts'
import { shorten } from './shorten.ts'
import { modelCallId } from './toMessages.ts'
import type { TurnLog } from './TurnLog.ts'

interface SummariseTask {
  turnLog: TurnLog
  turn: string
  provider: PooledProvider
  request: StepRequest
  room: ContextRoom
  /** The call from which on the conversation stays as it is. */
  before: string
}

const callChars = 1000
const resultChars = 1500

/**
 * Puts a summary in the place of what came before the last calls. The model is asked for it; where it does not
 * answer, the summary is what was asked and run.
 */
export async function summarise(deps: TurnDeps, task: SummariseTask): Promise<void> {
  const { turnLog, turn, provider, request, room, before } = task
  let words = ''
  const conversation = shorten(
    tellConversation(request),
    room.readChars,
    (left) => `${left} characters left out here`,
  )
  const asked: StepRequest = {
    ...request,
    system: summaryPrompt(room),
    messages: [{ role: 'user', text: conversation }],
    tools: [],
  }
  for await (const part of provider.modelsOnly.step(asked)) {
    if (part.type === 'text') words += part.text
    else if (part.type === 'notice' && part.again === true) words = ''
    else if (part.type === 'usage') {
      const { type, ...usage } = part
      turnLog.say({ kind: type, turn, ...usage })
      void deps.budget.add(usage)
    } else if (part.type === 'failure') words = ''
  }
  request.signal.throwIfAborted()
  const summary = words.trim() === '' ? plainSummary(turnLog.events, room) : words
  const text = summaryText(summary, turnLog.events, { ...deps, room, before })
  turnLog.say({ kind: 'compaction', turn, before, text }, compactionNotice(turn, 'summary'))
}

/** The conversation as a text: who said what, each call with its arguments, each result shortened. */
export function tellConversation({ messages, events }: Pick<StepRequest, 'messages' | 'events'>): string {
  const targets = targetsOf(events)
  const leftOut = (left: number): string => `${left} characters left out here`
  return messages
    .flatMap((message) => {
      if (message.role === 'tool')
        return [`result of ${message.name}: ${shorten(message.text, resultChars, leftOut)}`]
      if (message.role === 'user') return [`user: ${message.text}`]
      const calls = message.calls.map(({ call, ...more }) =>
        shorten(`call of ${describeCall({ ...more, target: targets.get(call) })}`, callChars, leftOut),
      )
      return [...(message.text === '' ? [] : [`assistant: ${message.text}`]), ...calls]
    })
    .join('\n\n')
}

/** Where each call went, by the id that the model knows: the target it names is in its arguments. */
function targetsOf(events: readonly SessionEvent[]): Map<string, string> {
  return new Map(
    events.flatMap((event) =>
      event.kind === 'tool' && event.target !== undefined
        ? [[modelCallId(event.call), event.target] as const]
        : [],
    ),
  )
}
