import { z } from 'zod'
import { opSchema, outcomeSchema, verbSchema, vmStateSchema } from '#app/schema/api.ts'
import { withoutPhases } from './phaseLine.ts'

/**
 * What a script of another version may leave out, or word otherwise: it then counts as not told, and the rest of
 * the answer still counts.
 */
const soft = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null)

/** How an operation ended, as the host script's journal has it and as it prints it last. */
const endSchema = z.object({
  op: opSchema.nullable(),
  verb: verbSchema.nullable(),
  exit_code: z.int(),
  outcome: outcomeSchema,
  detail: z.string().nullable(),
  /** One word for why: `no_quorum`, `locked`… */
  reason: soft(z.string().regex(/^[a-z_]{1,40}$/)),
  began_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
  /** The op of the operation that is in the way (`exit_code` 75). */
  running: opSchema.nullable().optional(),
  /** A forensics report that was made before it is kept. */
  forensics: soft(z.boolean()),
})
export type HostEnd = z.infer<typeof endSchema>

/** What an operation has gone through, by the hypervisor's clock. */
const phases = soft(z.array(z.object({ phase: z.string(), at: z.iso.datetime() })))
const journalSchema = z.union([
  endSchema.extend({ op: opSchema, verb: verbSchema, phases }),
  z.object({ op: opSchema, verb: verbSchema, running: z.literal(true), phases }),
  z.object({ op: opSchema, verb: verbSchema.nullish(), outcome: z.literal('unknown'), phases }),
])
/** What the hypervisor's journal says of one op; null when it does not know it. */
export type HostJournal = z.infer<typeof journalSchema> | null

/** What `status` prints. `operation` is what the journal says of the op that was asked for, null for none. */
const hostStatusSchema = z.object({
  state: vmStateSchema,
  qmp: z.enum(['answers', 'silent']).nullable(),
  wedged: z.boolean(),
  evidence: z.string().nullable(),
  suspect: soft(z.string()),
  pid: z.int().nullable(),
  started_at: soft(z.iso.datetime()),
  uptime_s: z.int().nullable(),
  /** The configuration's lock. */
  locked: z.string().nullable(),
  /** Who holds the file that every action of `qm` locks, in words. */
  lock_holder: soft(z.string()),
  /** HA's word; null when it does not manage the VM, or was not read. */
  ha: soft(z.string()),
  quorum: soft(z.boolean()),
  /** The node that has the VM, where it is another one. */
  node: soft(z.string()),
  pending: soft(z.array(z.string())),
  agent: soft(z.enum(['answers', 'silent', 'off'])),
  /** Names of what had no answer in its time. */
  unread: soft(z.array(z.string())),
  busy: opSchema.nullable(),
  read_at: z.iso.datetime(),
  operation: journalSchema.nullable(),
})
export type HostStatus = z.infer<typeof hostStatusSchema>

export interface HostAnswer {
  /** What the verb printed, for a person. */
  text: string
  /** The script's own last line; absent when its output did not get that far. */
  end?: HostEnd
}

/** Takes what the script says to us off its output: its last line, and how far an operation came. */
export function readHostAnswer(stdout: string): HostAnswer {
  const body = stdout.trimEnd()
  const start = body.lastIndexOf('\n') + 1
  const end = parse(endSchema, body.slice(start))
  return end ? { text: withoutPhases(body.slice(0, start)), end } : { text: withoutPhases(stdout) }
}

/** What `status` found, from its output without the last line; undefined when it is something else. */
export function readHostStatus(text: string): HostStatus | undefined {
  return parse(hostStatusSchema, text)
}

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
