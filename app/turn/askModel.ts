import type { StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import { compactAtPart, nextCompaction } from './compact.ts'
import { isConcluding } from './judgeTurn.ts'
import type { StepsTask, TurnSetting } from './runSteps.ts'
import { runStep, type StepEnd } from './runStep.ts'
import type { TurnDeps } from './runTurn.ts'
import { summarise } from './summarise.ts'
import { estimateTokens, toMessages } from './toMessages.ts'

/** How often one step may be made shorter because the model cannot read it all. */
const maxCompactions = 3

/**
 * The model's next step. A conversation that is too long for it, by our estimate or by its own word, is made
 * shorter and asked again. Throws a sentence when no provider could do the step.
 */
export async function askModel(
  deps: TurnDeps,
  task: StepsTask,
  setting: TurnSetting,
  provider: PooledProvider,
): Promise<Extract<StepEnd, { type: 'end' }>> {
  const { turnLog, signal } = task
  for (let compactions = 0; ;) {
    const request = requestOf(deps, task, setting)
    const mayShorten = compactions < maxCompactions
    const size = estimateTokens(request.messages, request.system)
    if (size > provider.contextTokens * compactAtPart && mayShorten) {
      compactions++
      if (await shorten(deps, task, provider, request)) continue
    }
    const end = await runStep(provider, turnLog, request, (usage) => void deps.budget.add(usage))
    if (end.type === 'end') return end
    signal.throwIfAborted()
    const tooLong = end.kind === 'context' && mayShorten
    if (!tooLong || !(await shorten(deps, task, provider, request))) throw new Error(end.message)
    compactions++
  }
}

function requestOf(
  deps: TurnDeps,
  { sessionId, turn, turnLog, signal }: StepsTask,
  setting: TurnSetting,
): StepRequest {
  const { begun, session, agent } = setting
  const { events } = turnLog
  const concluding = isConcluding(events.filter((event) => event.turn === turn))
  return {
    sessionId,
    turn,
    agent: session.agent,
    target: session.target,
    ...(begun.preset === undefined ? {} : { preset: begun.preset }),
    prompt: begun.text,
    events,
    system: agent.system,
    messages: toMessages(events, deps),
    tools: concluding ? [] : deps.tools.specs(agent.tools),
    ...(concluding && { concluding }),
    signal,
  }
}

/** Makes the conversation shorter; false when nothing is left to shorten. */
async function shorten(
  deps: TurnDeps,
  { turn, turnLog }: StepsTask,
  provider: PooledProvider,
  request: StepRequest,
): Promise<boolean> {
  const next = nextCompaction(turnLog.events, turn)
  if (next.stage === 'nothing') return false
  if (next.stage === 'outputs') turnLog.say(...next.drafts)
  else await summarise(deps, { turnLog, turn, provider, request, before: next.before })
  return true
}
