import { malformedArguments } from '#app/provider/toolInput.ts'
import type { SessionEventOf } from '#app/schema/events.ts'
import type { Prepared, RunContext, ToolResult, Verdict } from '#app/tool/Tool.ts'
import { askApproval, whyNotApproved } from './askApproval.ts'
import { owedRead } from './readBack.ts'
import type { CallsTask } from './runCalls.ts'
import type { TurnDeps } from './runTurn.ts'

export type CallEnd = Omit<SessionEventOf<'tool_output'>, 'kind' | 'id' | 'at' | 'turn' | 'call'>

/** A call and what its tool made of it. */
export interface ReadyCall {
  call: SessionEventOf<'tool'>
  plan: { prepared: Prepared; timeoutMs: number } | { refused: string }
}

type Change = Extract<Verdict, { type: 'write' | 'ask' }>

/** How long the operator may take to answer a question. */
const questionMs = 30 * 60_000
/** How long the end of a call waits for the storage of its output once the turn is being stopped. */
const keepMs = 500

export async function prepareCall(
  deps: TurnDeps,
  { sessionId, operator, target, tools, targets }: CallsTask,
  call: SessionEventOf<'tool'>,
): Promise<ReadyCall> {
  if (!tools.includes(call.name))
    return { call, plan: { refused: `There is no tool ${JSON.stringify(call.name)} here.` } }
  const malformed = malformedArguments(call.input)
  if (malformed !== undefined)
    return { call, plan: { refused: `The arguments were no JSON object, or were cut off: ${malformed}` } }
  const context = { sessionId, call: call.call, target: call.target ?? target, operator }
  const place = typeof call.input.target === 'string' ? call.input.target : context.target
  if (targets !== undefined && !targets.includes(place))
    return { call, plan: { refused: `This agent does not work on ${place}, only on ${targets.join(', ')}.` } }
  return { call, plan: await deps.tools.prepare(call.name, call.input, context) }
}

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
  const { prepared } = plan
  const { verdict } = prepared
  if (verdict.type === 'deny') return refused(verdict.why)
  if (verdict.type === 'read') return await run(deps, task, call, prepared, plan.timeoutMs)
  const owed = owedRead(events)
  if (owed !== null)
    return refused(
      `Not before you have read the state back: ${owed.unknown ? 'nobody knows how this ended' : 'look at what this did'}: ${owed.action}`,
    )
  return await change(deps, task, { call, plan: { prepared, timeoutMs: plan.timeoutMs } }, verdict)
}

/** What changes something: approved where it must be, recorded for good before it begins, begun once. */
async function change(
  deps: TurnDeps,
  task: CallsTask,
  { call, plan }: { call: ReadyCall['call']; plan: { prepared: Prepared; timeoutMs: number } },
  verdict: Change,
): Promise<CallEnd> {
  const { turn, turnLog, signal, operator } = task
  let { prepared } = plan
  let approved: { approval: string; by: string } | undefined
  if (verdict.type === 'ask') {
    const onShown = (): void => deps.onWaiting(task.sessionId)
    const options = { turnLog, turn, call, prepared, verdict, operator, onShown, signal, now: deps.now }
    const answer = await task.deadline.during(() => askApproval(options))
    deps.onWaiting(task.sessionId)
    if ('refused' in answer) return refused(answer.refused)
    const again = await prepareCall(deps, task, call)
    if ('refused' in again.plan) return refused(again.plan.refused)
    prepared = again.plan.prepared
    if (prepared.verdict.type === 'deny') return refused(prepared.verdict.why)
    const facts = { events: turnLog.events, tool: call.name, prepared, operator, now: deps.now() }
    const why = whyNotApproved(answer.approval, facts)
    if (why !== null) return refused(why)
    approved = { approval: answer.approval.approval, by: answer.by }
  }
  if (turnLog.buffering) {
    const text = `The log is away, and nothing is changed without it: this waits until it is back: ${prepared.action}`
    turnLog.say({ kind: 'notice', turn, level: 'warn', text })
  }
  const { action, target } = prepared
  const started = {
    call: call.call,
    action,
    target,
    read_back: verdict.readBack,
    ...(approved && { approval: approved.approval }),
  }
  // It counts as begun from here on: whoever finds it so never begins it again.
  await untilAborted(turnLog.store({ kind: 'started', turn, ...started }), signal)
  const { sessionId } = task
  deps.onChange({ sessionId, turn, tool: call.name, action, target, operator, ...(approved && { approved }) })
  return await run(deps, task, call, prepared, plan.timeoutMs)
}

async function run(
  deps: TurnDeps,
  task: CallsTask,
  { call, name }: SessionEventOf<'tool'>,
  prepared: Prepared,
  timeoutMs: number,
): Promise<CallEnd> {
  const { sessionId, turn, turnLog, signal } = task
  if (signal.aborted) return notRun('cancelled', 'Stopped before it began.')
  const capture = deps.capture(sessionId, call, (text) => turnLog.say({ kind: 'progress', turn, call, text }))
  const limit = timeoutMs === Infinity ? [] : [AbortSignal.timeout(timeoutMs)]
  const context: RunContext = {
    signal: AbortSignal.any([signal, ...limit]),
    write: (stream, text) => capture.write(stream, text),
    ask: (question) => task.deadline.during(() => ask(deps, task, call, question)),
  }
  const startedAt = performance.now()
  const result = await prepared.run(context).catch((error: unknown): ToolResult => {
    if (signal.aborted) throw error
    deps.logger.error({ err: error, session: sessionId, turn, tool: name }, 'tool failed')
    const failure = error instanceof Error ? error.message : 'It failed for a reason that it did not tell.'
    const durationMs = Math.round(performance.now() - startedAt)
    return {
      exitCode: null,
      stdout: '',
      stderr: '',
      truncated: false,
      durationMs,
      failedLeg: 'command',
      failure,
    }
  })
  await capture.write('stdout', result.stdout)
  await capture.write('stderr', [result.stderr, result.failure].filter(Boolean).join('\n'))
  const captured = await withinWhenAborted(capture.end(), signal)
  if (captured === null) return notRun(result.failedLeg ?? 'cancelled', result.failure ?? 'Stopped.')
  return {
    exit_code: result.exitCode,
    stdout: captured.stdout,
    stderr: captured.stderr,
    truncated: result.truncated || captured.truncated,
    duration_ms: result.durationMs,
    ...(prepared.target === '' ? {} : { target: prepared.target }),
    ...(captured.truncated ? { output_bytes: captured.bytes } : {}),
    ...(result.failedLeg === undefined ? {} : { failed_leg: result.failedLeg }),
  }
}

/** Shows a card and waits for the answer; one that stands there from before a crash is not shown again. */
async function ask(
  deps: TurnDeps,
  { sessionId, turn, turnLog, signal }: CallsTask,
  call: string,
  { text, options }: { text: string; options?: string[] },
): Promise<string> {
  const shown = turnLog.events.some((event) => event.kind === 'question' && event.question === call)
  if (!shown)
    await turnLog.record({ kind: 'question', turn, question: call, text, ...(options && { options }) })
  deps.onWaiting(sessionId)
  const either = AbortSignal.any([signal, AbortSignal.timeout(questionMs)])
  const answer = await turnLog
    .waitFor((events) => events.find((event) => event.kind === 'answer' && event.question === call), either)
    .catch((error: unknown) => {
      if (signal.aborted) throw error
      throw new Error('Nobody answered within 30 minutes.')
    })
  deps.onWaiting(sessionId)
  return answer.kind === 'answer' ? answer.text : ''
}

function refused(why: string): CallEnd {
  return { ...notRun('command', why), refused: true }
}

function notRun(leg: CallEnd['failed_leg'] & string, why: string): CallEnd {
  return { exit_code: null, stdout: '', stderr: why, truncated: false, duration_ms: 0, failed_leg: leg }
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Waits for as long as it takes, but once `signal` aborts only a moment more; then null. */
async function withinWhenAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const late = Promise.withResolvers<null>()
  const abort = (): void => void setTimeout(late.resolve, keepMs, null).unref()
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
