import type { SessionEventOf } from '#app/schema/events.ts'
import type { Prepared, RunContext, ToolResult } from '#app/tool/Tool.ts'
import { askOperator } from './askOperator.ts'
import { notRun, type CallEnd } from './callEnd.ts'
import type { CallsTask } from './CallsTask.ts'
import { placeOf } from './readBack.ts'
import type { TurnDeps } from './TurnDeps.ts'

/** How long the end of a call waits for the storage of its output once the turn is being stopped. */
const keepMs = 500

/** Runs what was prepared, and takes its output as it comes. */
export async function runPrepared(
  deps: TurnDeps,
  task: CallsTask,
  { call, name }: SessionEventOf<'tool'>,
  { prepared, timeoutMs }: { prepared: Prepared; timeoutMs: number },
): Promise<CallEnd> {
  const { sessionId, turn, turnLog, signal } = task
  if (signal.aborted) return notRun('cancelled', 'Stopped before it began.')
  const capture = deps.capture(sessionId, call, (text) => turnLog.say({ kind: 'progress', turn, call, text }))
  const limit = timeoutMs === Infinity ? [] : [AbortSignal.timeout(timeoutMs)]
  const context: RunContext = {
    signal: AbortSignal.any([signal, ...limit]),
    write: (stream, text) => capture.write(stream, text),
    ask: (question) => task.deadline.during(() => askOperator(deps, task, call, question)),
  }
  const startedAt = performance.now()
  const result = await prepared.run(context).catch((error: unknown): ToolResult => {
    if (signal.aborted) throw error
    deps.logger.error({ err: error, session: sessionId, turn, tool: name }, 'tool failed')
    const failure = error instanceof Error ? error.message : 'It failed for a reason that it did not tell.'
    const durationMs = Math.round(performance.now() - startedAt)
    return {
      ...{ exitCode: null, stdout: '', stderr: '', truncated: false, durationMs },
      ...{ failedLeg: 'command', failure },
    }
  })
  await capture.write('stdout', result.stdout)
  await capture.write('stderr', [result.stderr, result.failure].filter(Boolean).join('\n'))
  const captured = await withinWhenAborted(capture.end(), signal)
  if (captured === null) return notRun(result.failedLeg ?? 'cancelled', result.failure ?? 'Stopped.')
  const { verdict, where } = prepared
  const observed = verdict.type === 'read' && verdict.observes !== false && where !== undefined
  return {
    exit_code: result.exitCode,
    stdout: captured.stdout,
    stderr: captured.stderr,
    truncated: result.truncated || captured.truncated,
    duration_ms: result.durationMs,
    ...(observed && { observed: placeOf(where) }),
    ...(captured.truncated && { output_bytes: captured.bytes }),
    ...(result.failedLeg !== undefined && { failed_leg: result.failedLeg }),
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
