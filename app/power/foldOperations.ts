import { z } from 'zod'
import type { StoredEvent } from '#app/eventlog/EventLog.ts'
import { opSchema, outcomeSchema, verbSchema, type Operation } from '#app/schema/api.ts'

const told = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('requested'),
    op: opSchema,
    verb: verbSchema,
    by: z.string(),
    at: z.iso.datetime(),
  }),
  z.object({
    kind: z.literal('outcome'),
    op: opSchema,
    outcome: outcomeSchema,
    exit_code: z.int().nullable(),
    duration_ms: z.number(),
  }),
])

/** The operations that a VM's log tells, oldest first, without their bodies. One whose end it does not tell is `unknown`. */
export function foldOperations(events: StoredEvent[]): Operation[] {
  const operations = new Map<string, Operation>()
  for (const event of events) {
    const { data } = told.safeParse(event)
    if (!data) continue
    if (data.kind === 'requested') {
      const { op, verb, by, at } = data
      const ended = { state: 'ended', phase: 'requested', outcome: 'unknown', exit_code: null } as const
      operations.set(op, { op, verb, by, requested_at: at, ...ended })
      continue
    }
    const { op, outcome, exit_code, duration_ms } = data
    const known = operations.get(op)
    if (known) operations.set(op, { ...known, phase: 'outcome', outcome, exit_code, duration_ms })
  }
  return [...operations.values()]
}
