import type { SessionDraft, SessionEventOf } from '#app/schema/events.ts'
import type { ToolResult } from '#app/tool/Tool.ts'
import { capOutput } from './capOutput.ts'
import type { TurnDeps, TurnTask } from './runTurn.ts'
import type { TurnLog } from './TurnLog.ts'

export interface CallsTask extends TurnTask {
  calls: SessionEventOf<'tool'>[]
  turnLog: TurnLog
  /** Filled with each end as it is known, recorded or not. */
  known: Map<string, SessionDraft>
  signal: AbortSignal
}

/**
 * Runs all open calls at once and says each end as it comes. The calls are read-only: one that was left open
 * by a process that died is simply run again.
 */
export async function runCalls(deps: TurnDeps, task: CallsTask): Promise<void> {
  const { turn, turnLog, known, signal } = task
  // One that breaks ends the others: nothing runs on after its turn.
  const broken = new AbortController()
  const either = AbortSignal.any([signal, broken.signal])
  const ends = task.calls.map(async (call) => {
    try {
      const result = await deps.tools.run(call.name, call.input, {
        target: call.target ?? '',
        signal: either,
      })
      const end = await endOf(deps, task, call.call, result)
      known.set(call.call, { kind: 'tool_output', turn, call: call.call, ...end })
      if (!either.aborted) turnLog.say({ kind: 'tool_output', turn, call: call.call, ...end })
    } catch (error) {
      broken.abort(error)
    }
  })
  await Promise.all(ends)
  either.throwIfAborted()
}

type End = Omit<SessionEventOf<'tool_output'>, 'kind' | 'id' | 'at' | 'turn' | 'call'>

async function endOf(deps: TurnDeps, task: CallsTask, call: string, result: ToolResult): Promise<End> {
  const stdout = capOutput(result.stdout)
  const stderr = capOutput(result.stderr || (result.failure ?? ''))
  if (stdout.capped || stderr.capped) {
    // Losing the whole output costs a page of it, not the turn.
    await deps
      .keepOutput(task.sessionId, call, `${result.stdout}${result.stderr}`)
      .catch((err: unknown) => deps.logger.warn({ err, session: task.sessionId }, 'output was not kept'))
  }
  return {
    exit_code: result.exitCode,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: result.truncated || stdout.capped || stderr.capped,
    duration_ms: result.durationMs,
    ...(result.failedLeg === undefined ? {} : { failed_leg: result.failedLeg }),
  }
}
