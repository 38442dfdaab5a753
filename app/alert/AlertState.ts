import { z } from 'zod'
import { alertSchema } from '#app/schema/fleet.ts'

/** An alert without what people did to it: an acknowledgement is a document of its own. */
export const raisedSchema = alertSchema.omit({ acknowledged: true, by: true, until: true })
export type Raised = z.infer<typeof raisedSchema>

/** What is remembered of one subject under one rule, from one reading to the next. Times in ms since 1970. */
export const subjectSchema = z.object({
  rule: z.string(),
  key: z.string(),
  /** Readings in a row that were wrong, while nothing is raised. */
  wrong: z.int(),
  /** Readings in a row that were right, while something is; `rightSince` is the first of them. */
  right: z.int(),
  rightSince: z.number().nullable(),
  /** When it was cleared lately, so that what comes and goes is noticed. */
  cleared: z.array(z.number()),
  /** It comes and goes: it stays raised until it has been right for long. */
  flapping: z.boolean(),
  alert: raisedSchema.nullable(),
  /** What was told last, and when. */
  told: z.object({ at: z.number(), what: z.string() }).nullable(),
})
export type Subject = z.infer<typeof subjectSchema>

/** All of one scope (a host), as it is stored. */
export const alertStateSchema = z.object({ version: z.literal(1), subjects: z.array(subjectSchema) })
export type AlertState = z.infer<typeof alertStateSchema>

export const noAlerts: AlertState = { version: 1, subjects: [] }

/** A stored state, '' for none; what cannot be read counts as none. */
export function readAlertState(text: string | undefined): AlertState {
  if (!text) return noAlerts
  try {
    return alertStateSchema.safeParse(JSON.parse(text)).data ?? noAlerts
  } catch {
    return noAlerts
  }
}
