import type { CallsTask } from './CallsTask.ts'
import type { TurnDeps } from './TurnDeps.ts'
import { untilAborted } from './untilAborted.ts'

/** How long the operator may take to answer. */
const questionMs = 30 * 60_000

/**
 * Shows a question and waits for the answer; one that stands there from before a crash is not shown again. The
 * question's id is that of the call. Rejects with the reason of `task.signal`, or when nobody answers.
 */
export async function askOperator(
  deps: TurnDeps,
  { sessionId, turn, turnLog, signal }: CallsTask,
  call: string,
  { text, options }: { text: string; options?: string[] },
): Promise<string> {
  if (deps.draining()) turnLog.handOver()
  signal.throwIfAborted()
  const shown = turnLog.events.some((event) => event.kind === 'question' && event.question === call)
  if (!shown) {
    const question = { kind: 'question' as const, turn, question: call, text, ...(options && { options }) }
    await untilAborted(turnLog.record(question), signal)
  }
  deps.onWaiting(sessionId)
  const timeout = AbortSignal.timeout(questionMs)
  try {
    const answer = await turnLog.waitFor(
      (events) => events.find((event) => event.kind === 'answer' && event.question === call),
      AbortSignal.any([signal, timeout]),
    )
    return answer.kind === 'answer' ? answer.text : ''
  } catch (error) {
    if (signal.aborted || !timeout.aborted) throw error
    throw new Error('Nobody answered within 30 minutes.', { cause: error })
  } finally {
    deps.onWaiting(sessionId)
  }
}
