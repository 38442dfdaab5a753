import { z } from 'zod'
import { opSchema, outcomeSchema, verbSchema, vmStateSchema } from '#app/schema/api.ts'

/** How an operation ended, as the host script's journal has it and as it prints it last. */
const endSchema = z.object({
  op: opSchema.nullable(),
  verb: verbSchema.nullable(),
  exit_code: z.int(),
  outcome: outcomeSchema,
  detail: z.string().nullable(),
  began_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
  /** The op of the operation that is in the way (`exit_code` 75). */
  running: opSchema.nullable().optional(),
})
export type HostEnd = z.infer<typeof endSchema>

const journalSchema = z.union([
  endSchema.extend({ op: opSchema, verb: verbSchema }),
  z.object({ op: opSchema, verb: verbSchema, running: z.literal(true) }),
  z.object({ op: opSchema, verb: verbSchema.nullish(), outcome: z.literal('unknown') }),
])

/** What `status` prints. `operation` is what the journal says of the op that was asked for, null for none. */
const hostStatusSchema = z.object({
  state: vmStateSchema,
  qmp: z.enum(['answers', 'silent']).nullable(),
  wedged: z.boolean(),
  evidence: z.string().nullable(),
  locked: z.string().nullable(),
  pid: z.int().nullable(),
  uptime_s: z.int().nullable(),
  busy: opSchema.nullable(),
  read_at: z.iso.datetime(),
  operation: journalSchema.nullable(),
})
export type HostStatus = z.infer<typeof hostStatusSchema>

export interface HostAnswer {
  /** What the verb printed. */
  text: string
  /** The script's own last line; absent when its output did not get that far. */
  end?: HostEnd
}

/** Takes the host script's last line off its output. */
export function readHostAnswer(stdout: string): HostAnswer {
  const body = stdout.trimEnd()
  const start = body.lastIndexOf('\n') + 1
  const end = parse(endSchema, body.slice(start))
  return end ? { text: body.slice(0, start), end } : { text: stdout }
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
