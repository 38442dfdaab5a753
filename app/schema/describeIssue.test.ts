import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssues } from './describeIssue.ts'

const told = (schema: z.ZodType, input: unknown): string[] => {
  const { error } = schema.safeParse(input)
  return error === undefined ? [] : describeIssues(schema, input, error).map(({ allowed }) => allowed)
}

test.each<[schema: z.ZodType, input: unknown, allowed: string]>([
  [z.number().positive(), -1, 'a number above 0'],
  [z.int().positive(), 0, 'a whole number above 0'],
  [z.int().positive().max(5), 0, 'a whole number above 0, at most 5'],
  [z.int().min(1).max(5), 0, 'a whole number from 1 to 5'],
  [z.number().nonnegative(), -1, 'a number of at least 0'],
  [z.url(), 'x', 'a URL'],
  [z.email(), 'x', 'an e-mail address'],
  [z.email('an address of ours'), 'x', 'an address of ours'],
  [z.iso.datetime(), 'noon', 'a time such as 2026-01-31T12:00:00Z'],
  [z.array(z.string()).min(1), [], 'a list with at least 1 entry, each a text'],
  [z.array(z.string()).min(2), [], 'a list with at least 2 entries, each a text'],
  [z.array(z.int().min(1)), 'x', 'a list, each a whole number of at least 1'],
])('what is allowed is told in words: %#', (schema, input, allowed) => {
  expect(told(schema, input)).toEqual([allowed])
})
