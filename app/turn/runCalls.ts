import type { SessionDraft, SessionEventOf } from '#app/schema/events.ts'
import type { CallEnd } from './callEnd.ts'
import type { CallsTask } from './CallsTask.ts'
import { prepareCall, type ReadyCall } from './prepareCall.ts'
import { runCall } from './runCall.ts'
import type { TurnDeps } from './TurnDeps.ts'

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
      // Its card, if it had one, is settled by this end.
      if (!readsOnly(ready)) deps.onWaiting(task.sessionId)
    } catch (error) {
      broken.abort(error)
    }
  }
  try {
    for (const call of calls) {
      const ready = await prepareCall(deps, inTurn, call)
      if (!readsOnly(ready)) await Promise.all(running.splice(0))
      if (signal.aborted) break
      const run = finish(ready)
      if (readsOnly(ready)) running.push(run)
      else await run
    }
  } catch (error) {
    broken.abort(error)
  }
  await Promise.all(running)
  signal.throwIfAborted()
}

function readsOnly({ plan }: ReadyCall): boolean {
  if ('refused' in plan) return true
  const { type } = plan.prepared.verdict
  return type === 'read' || type === 'deny'
}

function say({ turn, turnLog, known, signal }: CallsTask, { call }: Call, end: CallEnd): void {
  const draft: SessionDraft = { kind: 'tool_output', turn, call, ...end }
  known.set(call, draft)
  if (!signal.aborted) turnLog.say(draft)
}
