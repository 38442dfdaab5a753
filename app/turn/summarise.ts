import type { StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import { plainSummary, summaryPrompt, summaryText } from './compact.ts'
import type { TurnDeps } from './runTurn.ts'
import type { TurnLog } from './TurnLog.ts'

interface SummariseTask {
  turnLog: TurnLog
  turn: string
  provider: PooledProvider
  request: StepRequest
  /** The call from which on the conversation stays as it is. */
  before: string
}

/** Room for the instructions and the summary itself, in characters of conversation. */
const readChars = 120_000

/**
 * Puts a summary in the place of what came before the last calls. The model is asked for it; where it does not
 * answer, the summary is what was asked and run.
 */
export async function summarise(deps: TurnDeps, task: SummariseTask): Promise<void> {
  const { turnLog, turn, provider, request, before } = task
  let words = ''
  const conversation = request.messages.map((message) => `${message.role}: ${message.text}`).join('\n\n')
  const asked: StepRequest = {
    ...request,
    system: summaryPrompt,
    messages: [{ role: 'user', text: conversation.slice(-readChars).toWellFormed() }],
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
  const summary = words.trim() === '' ? plainSummary(turnLog.events) : words
  turnLog.say(
    { kind: 'compaction', turn, before, text: summaryText(summary, turnLog.events) },
    {
      ...{ kind: 'notice', turn, level: 'info' },
      text: 'The conversation grew too long: what came before the last calls is summarised for the model.',
    },
  )
}
