import { z } from 'zod'
import type { StoredEvent } from '#app/eventlog/EventLog.ts'
import { opSchema, outcomeSchema, verbSchema, type Operation } from '#app/schema/api.ts'
import { addPhase } from './phaseLine.ts'
import { verbTable } from './verbs.ts'

const time = z.iso.datetime()
const entered = { op: opSchema, at: time, began_at: time.optional().catch(undefined) }
const told = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('requested'), op: opSchema, verb: verbSchema, by: z.string(), at: time }),
  z.object({ kind: z.literal('dispatched'), op: opSchema }),
  z.object({ kind: z.literal('preflight'), ...entered }),
  z.object({ kind: z.literal('forensics'), ...entered }),
  z.object({ kind: z.literal('phase'), ...entered, phase: z.string().max(40) }),
  z.object({
    kind: z.literal('outcome'),
    op: opSchema,
    outcome: outcomeSchema,
    exit_code: z.int().nullable(),
    duration_ms: z.number(),
    detail: z.string().optional(),
    forensics: z.boolean().optional(),
    failed_leg: z.string().optional(),
    resolved: z.boolean().optional(),
  }),
])
type Told = z.infer<typeof told>

export interface Folded {
  /** Oldest first, without their bodies. One whose end is not told is `unknown`. */
  operations: Operation[]
  /** Mutations whose unknown end nobody has looked up to its conclusion yet, oldest first. */
  unresolved: string[]
}

/**
 * The operations that a VM's log tells. What is sent again stays the operation of who asked first, and what was
 * done or failed stays so; a try that never reached the hypervisor says nothing of one before it that may have.
 */
export function foldOperations(events: StoredEvent[]): Folded {
  const operations = new Map<string, Operation>()
  const resolved = new Set<string>()
  const mayHaveRun = new Set<string>()
  for (const event of events) {
    const { data } = told.safeParse(event)
    if (!data) continue
    if (isUnsent(data) && mayHaveRun.has(data.op)) continue
    const next = evolve(operations.get(data.op), data)
    if (next) operations.set(data.op, next)
    if (data.kind === 'outcome' && data.outcome === 'refused') mayHaveRun.delete(data.op)
    else if (data.kind !== 'requested') mayHaveRun.add(data.op)
    if (data.kind === 'requested') resolved.delete(data.op)
    if (data.kind === 'outcome' && data.resolved) resolved.add(data.op)
  }
  const folded = [...operations.values()]
  const isOpen = ({ op, verb, outcome }: Operation) =>
    outcome === 'unknown' && verbTable[verb].mutating && !resolved.has(op)
  return { operations: folded, unresolved: folded.filter(isOpen).map(({ op }) => op) }
}

const isUnsent = (event: Told) =>
  event.kind === 'outcome' && event.outcome === 'refused' && event.failed_leg !== undefined
const isFinal = ({ outcome }: { outcome?: Operation['outcome'] }) =>
  outcome === 'done' || outcome === 'failed'

function evolve(known: Operation | undefined, event: Told): Operation | undefined {
  if (event.kind === 'requested') {
    const { op, verb, by, at } = event
    if (known && known.outcome !== 'refused') return known
    const first = known && { by: known.by, requested_at: known.requested_at }
    const ended = { state: 'ended', phase: 'requested', outcome: 'unknown', exit_code: null } as const
    return { op, verb, by, requested_at: at, ...ended, ...first }
  }
  // What was trimmed away before it is gone with it.
  if (!known) return undefined
  switch (event.kind) {
    case 'dispatched':
      return isFinal(known) ? known : { ...known, phase: 'dispatched' }
    case 'preflight':
    case 'forensics':
    case 'phase': {
      const phase = event.kind === 'phase' ? event.phase : event.kind
      return {
        ...known,
        ...(!isFinal(known) && { phase }),
        phases: addPhase(known.phases, { phase, at: event.began_at ?? event.at }),
      }
    }
    case 'outcome': {
      const { outcome, exit_code, duration_ms, detail, forensics } = event
      if (isFinal(known) && !isFinal(event)) return known
      const { detail: _, ...rest } = known
      const more = { ...(detail && { detail }), ...(forensics !== undefined && { forensics }) }
      return { ...rest, phase: 'outcome', outcome, exit_code, duration_ms, ...more }
    }
  }
}
