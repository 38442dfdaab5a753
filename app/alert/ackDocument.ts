import { z } from 'zod'

/**
 * Who took note of an alert, in a document of its own named by the alert's id: one replica evaluates, another may
 * acknowledge, and neither overwrites the other.
 */
export const ackDocumentSchema = z.object({
  by: z.string(),
  /** Of the alert as it was seen: what is raised later under the same id waits for its own. */
  created: z.string(),
  /** When, and until when, in ms since 1970; absent: until the alert ends. */
  at: z.number(),
  until: z.number().optional(),
})
export type AckDocument = z.infer<typeof ackDocumentSchema>

/** A stored one; what cannot be read counts as none. */
export function readAck(text: string | undefined): AckDocument | null {
  if (text === undefined) return null
  try {
    return ackDocumentSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** Whether it is of this raise of the alert, and not of one before. */
export function isOf({ created }: AckDocument, alert: { created: string }): boolean {
  return Date.parse(created) >= Date.parse(alert.created)
}

export function isOver({ until }: AckDocument, now: number): boolean {
  return until !== undefined && until <= now
}
