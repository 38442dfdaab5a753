import type { z } from 'zod'
import { AppError } from '#app/errors.ts'
import { describeIssues } from '#app/schema/describeIssue.ts'

/**
 * Parses one part of a request. Throws 400 with a sentence for each wrong field; what was found is named by kind.
 *
 * @param part how the sentence calls it: "the body", "the query", "the address".
 */
export function validate<T>(schema: z.ZodType<T>, input: unknown, part: string): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const problems = describeIssues(schema, input, parsed.error).slice(0, 5)
  const detail = problems
    .map(({ path, found, allowed }) => `${path === '' ? '' : `${path}: `}found ${found}; allowed: ${allowed}`)
    .join('. ')
  throw new AppError('bad_request', `In ${part}: ${detail}.`)
}
