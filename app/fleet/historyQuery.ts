import { z } from 'zod'
import { AppError } from '#app/errors.ts'

const dayMs = 86_400_000
const lastSecond = 253_402_300_799

/** ISO 8601, or seconds since 1970; in ms since 1970. */
const time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const seconds = /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) : NaN
    const ms = Number.isNaN(seconds) ? Date.parse(/^\d{4}-/.test(text) ? text : '') : seconds * 1000
    if (!Number.isNaN(ms) && ms >= 0 && ms <= lastSecond * 1000) return ms
    context.addIssue({
      code: 'custom',
      message: 'a time such as 2026-01-31T12:00:00Z, or seconds since 1970',
    })
    return z.NEVER
  })

export const historyQuerySchema = z.object({
  from: time.optional(),
  to: time.optional(),
  /** In seconds; what is kept of the range, and at most 1,000 points, may make it coarser. */
  step: z.coerce.number().int().min(1).max(31_622_400).optional(),
})

/** The range that was asked for, by default the last 24 hours; in ms. Throws `bad_request` for one without a length. */
export function toRange(
  { from, to, step }: z.infer<typeof historyQuerySchema>,
  now: number,
): { from: number; to: number; stepMs?: number } {
  const end = to ?? (from === undefined ? now : Math.max(now, from))
  const begin = from ?? end - dayMs
  if (begin >= end)
    throw new AppError(
      'bad_request',
      'In the query: from: found a time that is not before `to`; allowed: an earlier one.',
    )
  return { from: begin, to: end, ...(step !== undefined && { stepMs: step * 1000 }) }
}
