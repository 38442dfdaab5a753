import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { emptySession, evolve } from '#app/session/evolve.ts'
import { openCalls } from './closeTurn.ts'
import { hasLooseText, isConcluding, isStubborn, judgeEnd, nudgeBeforeStep } from './judgeTurn.ts'
import { askModel } from './askModel.ts'
import { runCalls } from './runCalls.ts'
import type { TurnAgent, TurnDeps } from './TurnDeps.ts'
import type { StepsTask, TurnSetting } from './StepsTask.ts'
import { spokenText } from './spokenText.ts'

/** Step by step to the end of the turn: calls that are open, then the model's next words, again and again. */
export async function runSteps(deps: TurnDeps, task: StepsTask): Promise<void> {
  const { turn, turnLog, signal } = task
  const ofTurn = (): SessionEvent[] => turnLog.events.filter((event) => event.turn === turn)
  const begin = beginningOf(deps, turnLog.events, turn)
  const { begun, session } = begin
  if (hasLooseText(ofTurn())) {
    const text = 'The answer was cut off here; the model is asked again.'
    turnLog.say({ kind: 'notice', turn, level: 'info', text, again: true })
  }
  const told = new Set<string>()
  const tellOnce = (level: 'warn' | 'crit', text: string): void => {
    if (!told.has(text)) turnLog.say({ kind: 'notice', turn, level, text })
    told.add(text)
  }
  for (;;) {
    signal.throwIfAborted()
    const open = openCalls(turnLog.events, turn)
    if (open.length > 0) {
      const hands = (): TurnAgent => {
        const agent = deps.agentOf(session.agent)
        return isConcluding(ofTurn()) ? { ...agent, tools: [] } : agent
      }
      await runCalls(deps, { ...task, hands, operator: begun.by, target: session.target }, open)
    }
    if (isStubborn(ofTurn())) throw new Error('The model goes on calling tools that it no longer has.')
    const nudge = nudgeBeforeStep(ofTurn(), turn)
    if (nudge !== null) turnLog.say(nudge)
    const provider = await affordable(deps, turnLog.events, session.model, tellOnce)
    const end = await askModel(deps, task, begin, provider)
    if (end.reason === 'tools') continue
    const objection = judgeEnd(ofTurn(), turn)
    if (objection !== null) turnLog.say(objection)
    if (objection?.kind === 'nudge') continue
    const result = {
      is_error: end.isError ?? false,
      result: spokenText(ofTurn()),
      duration_ms: deps.now().getTime() - new Date(begun.at).getTime(),
    }
    await turnLog.store({ kind: 'result', turn, ...result }, { kind: 'turn_end', turn, reason: 'done' })
    return
  }
}

function beginningOf(deps: TurnDeps, events: readonly SessionEvent[], turn: string): TurnSetting {
  const begun = events.find((event) => event.kind === 'user' && event.turn === turn)
  const session = events.findLast((event) => event.kind === 'session')
  if (begun?.kind !== 'user' || session?.kind !== 'session')
    throw new Error('The turn has no beginning in its log.')
  return { begun, session, agent: deps.agentOf(session.agent) }
}

/** The chosen provider, or the runbook once the budget is spent. */
async function affordable(
  { budget, providerOf }: TurnDeps,
  events: readonly SessionEvent[],
  model: string,
  tell: (level: 'warn' | 'crit', text: string) => void,
): Promise<PooledProvider> {
  const chosen = providerOf(model)
  if (chosen.model === 'runbook') return chosen
  const budgeted = await budget.check(events.reduce(evolve, emptySession).usage)
  if (budgeted.state === 'ok') return chosen
  tell(budgeted.state === 'spent' ? 'crit' : 'warn', budgeted.text)
  return budgeted.state === 'spent' ? providerOf('runbook') : chosen
}
