import { z } from 'zod'

/**
 * The events of a session, as they stand in its log and on its stream. `id` is the integer seq, 1, 2, 3…
 * without holes; `at` is ISO 8601 in UTC. Clients ignore kinds they do not know.
 */
const envelope = {
  id: z.int().positive(),
  at: z.iso.datetime(),
  turn: z.string().optional(),
}

const event = <K extends string, F extends z.ZodRawShape>(kind: K, fields: F) =>
  z.object({ kind: z.literal(kind), ...envelope, ...fields })

/** The leg of a far call that failed; `lost` is a connection that broke after the command was sent. */
export const legSchema = z.enum([
  'name',
  'tcp',
  'host_key',
  'auth',
  'channel',
  'command',
  'timeout',
  'lost',
  'cancelled',
])
export type Leg = z.infer<typeof legSchema>

export const levelSchema = z.enum(['ok', 'warn', 'crit'])
export type Level = z.infer<typeof levelSchema>

const userEvent = event('user', { text: z.string(), by: z.string(), preset: z.string().optional() })
const sessionEvent = event('session', {
  session_id: z.string(),
  agent: z.string(),
  model: z.string(),
  target: z.string(),
})
const textEvent = event('text', { text: z.string() })
const toolEvent = event('tool', {
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  call: z.string(),
  target: z.string().optional(),
})
const resultEvent = event('result', {
  is_error: z.boolean(),
  result: z.string(),
  duration_ms: z.number(),
})
const errorEvent = event('error', { error: z.string(), code: z.string() })
const cancelledEvent = event('cancelled', { by: z.string() })
const turnEndEvent = event('turn_end', { reason: z.string() })
/** With `again` the step is asked anew: text that this step has said so far is no part of the answer. */
const noticeEvent = event('notice', {
  text: z.string(),
  level: z.enum(['info', 'warn', 'crit']),
  again: z.boolean().optional(),
})
/**
 * Words of the turn's own to the model: it goes in circles, or must read the state back first. With `conclude` it
 * has no tools from here to the end of the turn.
 */
const nudgeEvent = event('nudge', {
  text: z.string(),
  conclude: z.boolean().optional(),
  /** It was told that it goes in circles. */
  loop: z.boolean().optional(),
})
/**
 * A call that changes something goes out now; it is stored before that happens, and once for each call. A call
 * with `started` and without `tool_output` may have run or not. `read_back` says that the state must be read
 * before the next change; `approval` is the one that this uses up.
 */
const startedEvent = event('started', {
  call: z.string(),
  action: z.string(),
  target: z.string(),
  /** The place that must be read back: `target:NAME` or `vm:NAME`, '' for none. */
  place: z.string(),
  read_back: z.boolean(),
  approval: z.string().optional(),
})
/** What a running call printed lately: for eyes only, `tool_output` tells it again. */
const progressEvent = event('progress', { call: z.string(), text: z.string() })
/**
 * For the model only, nothing is lost in the log: outputs of calls before the call `before` are left out; with
 * `text` everything before that call is replaced by these words. '' stands for everything up to here.
 */
const compactionEvent = event('compaction', { before: z.string(), text: z.string().optional() })
/** `exit_code` is null when the command did not run, or when its end is unknown. */
const toolOutputEvent = event('tool_output', {
  call: z.string(),
  exit_code: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  duration_ms: z.number(),
  failed_leg: legSchema.optional(),
  /** Policy, the operator or the turn's own rules held it back: nothing was run. `stderr` says why. */
  refused: z.boolean().optional(),
  /** The place that this looked at, or tried to: `target:NAME` or `vm:NAME`. */
  observed: z.string().optional(),
  /** How long the whole output is, in UTF-8 bytes, where it was capped. */
  output_bytes: z.int().optional(),
})
const approvalEvent = event('approval', {
  approval: z.string(),
  call: z.string(),
  action: z.string(),
  target: z.string(),
  why: z.string(),
  /** One word: low, medium, high, destructive. */
  risk: z.string(),
  /** What takes it back, in a sentence. */
  undo: z.string().optional(),
  expires: z.iso.datetime(),
  digest: z.string(),
})
const decisionEvent = event('decision', {
  approval: z.string(),
  decision: z.enum(['approve', 'deny']),
  by: z.string(),
  reason: z.string().optional(),
})
const questionEvent = event('question', {
  question: z.string(),
  text: z.string(),
  options: z.array(z.string()).optional(),
})
const answerEvent = event('answer', { question: z.string(), text: z.string(), by: z.string() })
/** What a runbook judged. A probe that could not be checked has no `value` and says so in `text`. */
const findingEvent = event('finding', {
  probe: z.string(),
  level: levelSchema,
  text: z.string(),
  value: z.union([z.number(), z.string()]).optional(),
  unit: z.string().optional(),
})
const usageEvent = event('usage', {
  provider: z.string(),
  model: z.string(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cached_tokens: z.int(),
  cost: z.number().optional(),
})
const archivedEvent = event('archived', { by: z.string() })
const takeoverEvent = event('takeover', { from: z.string(), to: z.string(), reason: z.string() })

export const sessionEventSchema = z.discriminatedUnion('kind', [
  userEvent,
  sessionEvent,
  textEvent,
  toolEvent,
  resultEvent,
  errorEvent,
  cancelledEvent,
  turnEndEvent,
  noticeEvent,
  toolOutputEvent,
  approvalEvent,
  decisionEvent,
  questionEvent,
  answerEvent,
  findingEvent,
  usageEvent,
  takeoverEvent,
  archivedEvent,
  nudgeEvent,
  startedEvent,
  progressEvent,
  compactionEvent,
])

export type SessionEvent = z.infer<typeof sessionEventSchema>
export type SessionEventOf<K extends SessionEvent['kind']> = Extract<SessionEvent, { kind: K }>

/** An event before the log has numbered and dated it. */
export type Draft<E> = E extends unknown ? Omit<E, 'id' | 'at'> : never
export type SessionDraft = Draft<SessionEvent>
