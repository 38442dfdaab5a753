import type { StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { compactionNotice, nextCompaction } from './compact.ts'
import { contextRoom, estimateTokens, type ContextRoom } from './contextRoom.ts'
import { givenUpNotice, isGivenUp } from './givenUp.ts'
import { isConcluding } from './judgeTurn.ts'
import type { StepsTask, TurnSetting } from './StepsTask.ts'
import { runStep, type StepEnd } from './runStep.ts'
import type { TurnDeps } from './TurnDeps.ts'
import { summarise } from './summarise.ts'
import { toMessages } from './toMessages.ts'

/** How often one step may be made shorter, and how often it is asked, because the model cannot read it all. */
const maxCompactions = 3
const maxAsked = 3

type Ended = Extract<StepEnd, { type: 'end' }>

/**
 * The model's next step. A conversation that is too long for it, by our estimate or by its own word, is made
 * shorter and asked again; where that is no help, the runbook goes on to the end of the turn. Throws a sentence when
 * no provider could do the step.
 */
export async function askModel(
  deps: TurnDeps,
  task: StepsTask,
  setting: TurnSetting,
  provider: PooledProvider,
): Promise<Ended> {
  const { turn, turnLog, signal } = task
  const finish = async (by: PooledProvider, request: StepRequest): Promise<StepEnd> => {
    const end = await runStep(by, turnLog, request, (usage) => void deps.budget.add(usage))
    if (end.type === 'failure') signal.throwIfAborted()
    return end
  }
  /** What the model would not read is too long, whatever its configuration says. */
  let refused = Infinity
  let compactions = 0
  for (let asked = 0; !isGivenUp(turnEvents(task)); asked++) {
    // Each time anew: where the first choice has failed, another model with another context is asked next.
    const { contextTokens } = provider
    const context = Math.min(contextTokens, refused)
    let { request, room } = requestOf(deps, task, setting, context)
    while (estimateTokens(request) > room.limit && compactions++ < maxCompactions) {
      if (!(await makeShorter(deps, task, provider, { request, room }))) break
      ;({ request, room } = requestOf(deps, task, setting, context))
    }
    const size = estimateTokens(request)
    if (size >= context || asked === maxAsked) {
      turnLog.say(givenUpNotice(turn, { size, contextTokens, refused: refused <= contextTokens, room }))
      break
    }
    const end = await finish(provider, request)
    if (end.type === 'end') return end
    if (end.kind !== 'context') throw new Error(end.message)
    refused = size
  }
  const { request } = requestOf(deps, task, setting, Infinity)
  const end = await finish(deps.providerOf('runbook'), request)
  if (end.type === 'end') return end
  throw new Error(end.message)
}

function requestOf(
  deps: TurnDeps,
  task: StepsTask,
  { begun, session, agent }: TurnSetting,
  contextTokens: number,
): { request: StepRequest; room: ContextRoom } {
  const { sessionId, turn, turnLog, signal } = task
  const { events } = turnLog
  const concluding = isConcluding(turnEvents(task))
  const fixed = { system: agent.system, tools: concluding ? [] : deps.tools.specs(agent.tools) }
  const room = contextRoom(contextTokens, fixed)
  const request = {
    sessionId,
    turn,
    agent: session.agent,
    target: session.target,
    ...(begun.preset === undefined ? {} : { preset: begun.preset }),
    prompt: begun.text,
    events,
    ...fixed,
    messages: toMessages(events, { ...deps, outputChars: room.outputChars }),
    ...(concluding && { concluding }),
    signal,
  }
  return { request, room }
}

/** Makes the conversation shorter; false when nothing is left to shorten. */
async function makeShorter(
  deps: TurnDeps,
  { turn, turnLog }: StepsTask,
  provider: PooledProvider,
  { request, room }: { request: StepRequest; room: ContextRoom },
): Promise<boolean> {
  const { events } = turnLog
  const next = nextCompaction(events, {
    ...deps,
    room,
    sizeWith(marker) {
      const messages = toMessages([...events, marker], { ...deps, outputChars: room.outputChars })
      return estimateTokens({ ...request, messages })
    },
  })
  if (next.stage === 'nothing') return false
  const { before } = next
  if (next.stage === 'summary') await summarise(deps, { turnLog, turn, provider, request, room, before })
  else turnLog.say({ kind: 'compaction', turn, before }, compactionNotice(turn, 'outputs'))
  return true
}

function turnEvents({ turn, turnLog }: StepsTask): SessionEvent[] {
  return turnLog.events.filter((event) => event.turn === turn)
}
