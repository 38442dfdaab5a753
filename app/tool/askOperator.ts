import type { Prepared } from './Tool.ts'
import { notRun } from './notRun.ts'

/** A call that asks the operator and ends in their words. The wait ends with the turn. */
export function askOperator(question: { text: string; options?: string[] }): Prepared {
  return {
    action: [question.text, ...(question.options ?? []).map((option) => `- ${option}`)].join('\n'),
    target: '',
    verdict: { type: 'read' },
    async run(context) {
      const begun = Date.now()
      try {
        const stdout = await context.ask(question)
        return { exitCode: 0, stdout, stderr: '', truncated: false, durationMs: Date.now() - begun }
      } catch (error) {
        if (context.signal.aborted) return notRun('cancelled', 'Nobody answered before the wait was ended.')
        throw error
      }
    },
  }
}
