import type { SessionDraft, SessionEventOf } from '#app/schema/events.ts'
import type { Prepared, Verdict } from '#app/tool/Tool.ts'
import { askApproval, whyNotApproved } from './askApproval.ts'
import { refused, type CallEnd } from './callEnd.ts'
import type { CallsTask } from './CallsTask.ts'
import { prepareCall, type Plan } from './prepareCall.ts'
import { placeOf } from './readBack.ts'
import { runPrepared } from './runPrepared.ts'
import type { Change, TurnDeps } from './TurnDeps.ts'
import { untilAborted } from './untilAborted.ts'

type Call = SessionEventOf<'tool'>
type Changing = {
  prepared: Prepared
  timeoutMs: number
  verdict: Extract<Verdict, { type: 'write' | 'ask' }>
}
type Approval = { event: SessionEventOf<'approval'>; by: string }

/** Storing takes milliseconds. After longer than this, this process may have slept, and not be the owner any more. */
const sleptMs = 2_000

/**
 * What changes something: approved where it must be, recorded for good before it begins, begun once. What would run
 * is judged anew right before and right after it is recorded: the wait for the log may be long.
 */
export async function changeOnce(
  deps: TurnDeps,
  task: CallsTask,
  call: Call,
  { prepared, verdict }: Changing,
): Promise<CallEnd> {
  const approval = verdict.type === 'ask' ? await approved(deps, task, call, prepared, verdict) : undefined
  const tell = (outcome: Change['outcome']): void =>
    deps.onChange(changeOf(task, call, prepared, approval, outcome))
  const refuse = (why: string): CallEnd => {
    tell('refused')
    return refused(why)
  }
  if (approval !== undefined && 'refused' in approval) return refuse(approval.refused)
  const before = await recheck(deps, task, call, approval)
  if ('refused' in before) return refuse(before.refused)
  await recordBegin(deps, task, call, before.prepared, verdict.readBack, approval)
  const plan = await recheck(deps, task, call, approval)
  if ('refused' in plan) return refuse(plan.refused)
  tell('started')
  const end = await runPrepared(deps, task, call, plan)
  tell(end.exit_code === null ? 'unknown' : end.exit_code === 0 ? 'done' : 'failed')
  return end
}

async function approved(
  deps: TurnDeps,
  task: CallsTask,
  call: Call,
  prepared: Prepared,
  verdict: Extract<Verdict, { type: 'ask' }>,
): Promise<Approval | { refused: string }> {
  const { turn, turnLog, signal, operator } = task
  if (deps.draining()) turnLog.handOver()
  signal.throwIfAborted()
  const onShown = (): void => deps.onWaiting(task.sessionId)
  const options = { turnLog, turn, call, prepared, verdict, operator, onShown, signal, now: deps.now }
  const answer = await task.deadline.during(() => askApproval(options))
  return 'refused' in answer ? answer : { event: answer.approval, by: answer.by }
}

/** The call as it would run now, or why it must not. */
async function recheck(deps: TurnDeps, task: CallsTask, call: Call, approval?: Approval): Promise<Plan> {
  const { plan } = await prepareCall(deps, task, call)
  if ('refused' in plan) return plan
  const { prepared } = plan
  if (prepared.verdict.type === 'deny') return { refused: prepared.verdict.why }
  if (approval === undefined)
    return prepared.verdict.type === 'ask'
      ? { refused: 'This needs an approval by now: call it again.' }
      : plan
  const { operator, turnLog } = task
  const facts = { events: turnLog.events, tool: call.name, prepared, operator, now: deps.now() }
  const why = whyNotApproved(approval.event, facts)
  return why === null ? plan : { refused: why }
}

/** It counts as begun from here on: whoever finds it so never begins it again. */
async function recordBegin(
  deps: TurnDeps,
  { sessionId, turn, turnLog, signal, known }: CallsTask,
  { call }: Call,
  { action, target, where }: Prepared,
  readBack: boolean,
  approval?: Approval,
): Promise<void> {
  if (deps.draining()) turnLog.handOver()
  signal.throwIfAborted()
  if (turnLog.buffering) {
    const text = `The log is away, and nothing is changed without it: this waits until it is back: ${action}`
    turnLog.say({ kind: 'notice', turn, level: 'warn', text })
  }
  const began = performance.now()
  const place = where === undefined ? '' : placeOf(where)
  const started: SessionDraft = {
    ...{ kind: 'started', turn, call, action, target, place, read_back: readBack },
    ...(approval && { approval: approval.event.approval }),
  }
  try {
    await untilAborted(turnLog.store(started), signal)
  } catch (error) {
    const end = refused('It was stopped before it began. Nothing was run.')
    known.set(call, { kind: 'tool_output', turn, call, ...end })
    throw error
  }
  if (performance.now() - began < sleptMs) return
  const { activity } = (await deps.store.fold(sessionId)).state
  if (activity.state === 'running' && activity.turn === turn && activity.owner === deps.replica) return
  // Told by the log itself, which the follower reads too.
  turnLog.handOver()
  signal.throwIfAborted()
}

function changeOf(
  { sessionId, turn, operator }: CallsTask,
  { name }: Call,
  { action, target }: Prepared,
  approval: Approval | { refused: string } | undefined,
  outcome: Change['outcome'],
): Change {
  const approved = approval !== undefined && 'by' in approval
  return {
    ...{ sessionId, turn, tool: name, action, target, operator, outcome },
    ...(approved && { approved: { approval: approval.event.approval, by: approval.by } }),
  }
}
