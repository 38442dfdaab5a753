import { z } from 'zod'
import { askOperator } from './askOperator.ts'
import type { Tool } from './Tool.ts'

const parameters = z.object({
  question: z.string().min(1).max(2000).describe('What is to be chosen, and what each choice would mean.'),
  options: z
    .array(z.string().trim().min(1).max(200))
    .min(2)
    .max(6)
    .refine((options) => new Set(options).size === options.length, 'two options are the same')
    .describe('The choices, in a few words each.'),
})
export type ConfirmActionInput = z.infer<typeof parameters>

/** Lets the operator choose between ways to go on. */
export function confirmActionTool(): Tool<ConfirmActionInput> {
  return {
    name: 'confirm_action',
    description:
      'Shows the operator a choice of 2 to 6 ways to go on and waits for theirs. It never stands in for an approval: a command that needs one asks for it by itself, whatever was chosen here.',
    parameters,
    timeoutMs: Infinity,
    prepare: ({ question, options }) => askOperator({ text: question, options }),
  }
}
