import { notRun, refused, type CallEnd } from './callEnd.ts'
import type { CallsTask } from './CallsTask.ts'
import { changeOnce } from './changeOnce.ts'
import type { ReadyCall } from './prepareCall.ts'
import { owedRead } from './readBack.ts'
import { runPrepared } from './runPrepared.ts'
import type { TurnDeps } from './TurnDeps.ts'

/** Runs one call to its end. Throws the reason of `task.signal` where it aborts while an operator is waited for. */
export async function runCall(deps: TurnDeps, task: CallsTask, { call, plan }: ReadyCall): Promise<CallEnd> {
  const { events } = task.turnLog
  const began = events.find((event) => event.kind === 'started' && event.call === call.call)
  if (began !== undefined)
    return notRun(
      'lost',
      'The server stopped while this ran: it may have run or not. Look at the state before anything else.',
    )
  if ('refused' in plan) return refused(plan.refused)
  const { verdict } = plan.prepared
  if (verdict.type === 'deny') return refused(verdict.why)
  if (verdict.type === 'read') return await runPrepared(deps, task, call, plan)
  const owed = owedRead(events)
  if (owed !== null) {
    const why = owed.unknown ? 'nobody knows how this ended' : 'look at what this did'
    return refused(`Not before you have read the state back: ${why}: ${owed.action}`)
  }
  return await changeOnce(deps, task, call, { ...plan, verdict })
}
