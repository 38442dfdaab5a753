import { malformedArguments } from '#app/provider/toolInput.ts'
import type { SessionEventOf } from '#app/schema/events.ts'
import type { Prepared } from '#app/tool/Tool.ts'
import type { CallsTask } from './CallsTask.ts'
import type { TurnDeps } from './TurnDeps.ts'

/** What a call would do at this moment, or why it does nothing. */
export type Plan = { prepared: Prepared; timeoutMs: number } | { refused: string }

/** A call and what its tool made of it. */
export interface ReadyCall {
  call: SessionEventOf<'tool'>
  plan: Plan
}

/** What the call would do now: its arguments validated, its tool and target the agent's own, and judged. */
export async function prepareCall(
  deps: TurnDeps,
  { sessionId, operator, target, hands }: CallsTask,
  call: SessionEventOf<'tool'>,
): Promise<ReadyCall> {
  const { tools, targets } = hands()
  const refuse = (why: string): ReadyCall => ({ call, plan: { refused: why } })
  if (!tools.includes(call.name)) return refuse(`There is no tool ${JSON.stringify(call.name)} here.`)
  const malformed = malformedArguments(call.input)
  if (malformed !== undefined)
    return refuse(`The arguments were no JSON object, or were cut off: ${malformed}`)
  const context = { sessionId, call: call.call, target: call.target ?? target, operator }
  const plan = await deps.tools.prepare(call.name, call.input, context)
  const where = 'prepared' in plan ? plan.prepared.where : undefined
  if (where !== undefined && targets !== undefined && !where.targets.some((one) => targets.includes(one)))
    return refuse(`This agent does not work on ${where.name}, only on ${targets.join(', ')}.`)
  return { call, plan }
}
