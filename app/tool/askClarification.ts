import { z } from 'zod'
import { askOperator } from './askOperator.ts'
import type { Tool } from './Tool.ts'

const parameters = z.object({
  question: z.string().min(1).max(2000).describe('One question, with what you found that makes you ask.'),
})
export type AskClarificationInput = z.infer<typeof parameters>

/** Asks the operator something that only they can know. */
export function askClarificationTool(): Tool<AskClarificationInput> {
  return {
    name: 'ask_clarification',
    description:
      'Asks the operator a question and waits for their words. Use it when the goal is unclear, not for what a command can tell. An answer is no approval.',
    parameters,
    timeoutMs: Infinity,
    prepare: ({ question }) => askOperator({ text: question }),
  }
}
