import type { SessionDraft, SessionEventOf } from '#app/schema/events.ts'
import type { Verdict } from '#app/tool/Tool.ts'
import type { Deadline } from './Deadline.ts'
import { prepareCall, runCall, type CallEnd, type ReadyCall } from './runCall.ts'
import type { TurnDeps, TurnTask } from './runTurn.ts'
import type { TurnLog } from './TurnLog.ts'

export interface CallsTask extends TurnTask {
  turnLog: TurnLog
  /** The operator who started the turn. */
  operator: string
  /** The session's target. */
  target: string
  /** What the agent has: tools, and targets where it is bound to some. */
  tools: readonly string[]
  targets?: readonly string[] | undefined
  /** Filled with each end as it is known, recorded or not. */
  known: Map<string, SessionDraft>
  deadline: Deadline
  signal: AbortSignal
}

type Call = SessionEventOf<'tool'>

/**
 * Runs all open calls in their order and says each end as it comes: neighbours that only read run together, what
 * changes something runs alone. After a crash calls that read run again; one that changes something and was
 * started is never started again.
 */
export async function runCalls(deps: TurnDeps, task: CallsTask, calls: Call[]): Promise<void> {
  // One that breaks ends the others: nothing runs on after its turn.
  const broken = new AbortController()
  const signal = AbortSignal.any([task.signal, broken.signal])
  const inTurn: CallsTask = { ...task, signal }
  const running: Promise<void>[] = []
  const finish = async (ready: ReadyCall): Promise<void> => {
    try {
      say(inTurn, ready.call, await runCall(deps, inTurn, ready))
    } catch (error) {
      broken.abort(error)
    }
  }
  for (const call of calls) {
    const ready = await prepareCall(deps, inTurn, call)
    if (!readsOnly(ready)) await Promise.all(running.splice(0))
    if (signal.aborted) break
    const run = finish(ready)
    if (readsOnly(ready)) running.push(run)
    else await run
  }
  await Promise.all(running)
  signal.throwIfAborted()
}

const readsOnly = ({ plan }: ReadyCall): boolean =>
  'refused' in plan ||
  (['read', 'deny'] satisfies Verdict['type'][] as string[]).includes(plan.prepared.verdict.type)

function say({ turn, turnLog, known, signal }: CallsTask, { call }: Call, end: CallEnd): void {
  const draft: SessionDraft = { kind: 'tool_output', turn, call, ...end }
  known.set(call, draft)
  if (!signal.aborted) turnLog.say(draft)
}
