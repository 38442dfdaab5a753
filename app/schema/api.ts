import { z } from 'zod'
import { legSchema } from './events.ts'

/** The one shape of every error. Some carry further fields (`by`, `op`, `path`…). */
export const errorSchema = z.looseObject({
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
})
export type ErrorBody = z.infer<typeof errorSchema>

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────────────

export const sessionStateSchema = z.enum(['idle', 'running', 'archived'])
export type SessionState = z.infer<typeof sessionStateSchema>

export const usageTotalsSchema = z.object({
  input_tokens: z.int(),
  output_tokens: z.int(),
  cached_tokens: z.int(),
  cost: z.number().nullable(),
})

export const sessionSchema = z.object({
  session_id: z.string(),
  title: z.string(),
  state: sessionStateSchema,
  agent: z.string(),
  model: z.string(),
  target: z.string(),
  head: z.int(),
  updated: z.iso.datetime(),
  pending_approval: z.string().optional(),
  /** The question that waits for an answer. */
  pending_question: z.string().optional(),
  usage: usageTotalsSchema,
})
export type Session = z.infer<typeof sessionSchema>

export const createSessionSchema = z.object({
  agent: z.string().max(64).optional(),
  target: z.string().max(64).optional(),
})
export const promptSchema = z.object({
  prompt: z.string().max(100_000).optional(),
  preset: z.string().max(64).optional(),
  model: z.string().max(128).optional(),
  target: z.string().max(64).optional(),
})
export type PromptBody = z.infer<typeof promptSchema>

export const decisionSchema = z.enum(['approve', 'deny'])
export type ApprovalDecision = z.infer<typeof decisionSchema>
export const decideSchema = z.object({ decision: decisionSchema, reason: z.string().max(1000).optional() })
export const decidedSchema = z.object({ approval: z.string(), decision: decisionSchema, by: z.string() })
export const answerSchema = z.object({ text: z.string().min(1).max(10_000) })

/** An approval that waits, as the board tells it and `GET /api/approvals` lists it. */
export const pendingApprovalSchema = z.object({
  session_id: z.string(),
  title: z.string(),
  approval: z.string(),
  action: z.string(),
  target: z.string(),
  why: z.string(),
  risk: z.string(),
  /** What takes it back, in a sentence. */
  undo: z.string().optional(),
  expires: z.iso.datetime(),
})
export type PendingApproval = z.infer<typeof pendingApprovalSchema>

/**
 * Events of the board: `{kind, id, at, data}`. `session_update` carries a `Session`, `approval_pending` a
 * `PendingApproval`, `vm_update` a `Vm`, `hosts_update` a list of hosts with news, `alert_new` and `alert_changed` an
 * `Alert`, `alert_cleared` its `{id}`. Clients ignore kinds they do not know.
 */
export const boardEventSchema = z.looseObject({
  kind: z.string(),
  id: z.int(),
  at: z.iso.datetime(),
  data: z.unknown(),
})
export type BoardEvent = z.infer<typeof boardEventSchema>

export const promptStartedSchema = z.object({ status: z.literal('started'), turn: z.string() })
export const promptEndedSchema = z.object({
  status: z.enum(['started', 'ended', 'cancelled', 'failed']),
  turn: z.string(),
  head: z.int(),
  result: z.string().optional(),
})

/** A page of a log for clients without SSE. `reset` says why `after` could not be honoured. */
export const eventsPageSchema = z.object({
  epoch: z.string(),
  head: z.int(),
  events: z.array(z.looseObject({ kind: z.string(), id: z.int(), at: z.string() })),
  trimmed_to: z.int().optional(),
  reset: z.string().optional(),
})

export const presetSchema = z.object({
  id: z.string(),
  label: z.string(),
  icon: z.string(),
  description: z.string(),
  runbook: z.boolean(),
  /** Names of the targets that it can run on. */
  targets: z.array(z.string()),
})
export type PresetSummary = z.infer<typeof presetSchema>

export const providerKinds = ['anthropic', 'openai', 'runbook'] as const
export const providerSchema = z.object({
  name: z.string(),
  kind: z.enum(providerKinds),
  model: z.string(),
  state: z.enum(['ready', 'cooling_down', 'failed']),
  /** When it is tried again. */
  until: z.iso.datetime().optional(),
  /** A sentence, without anything secret. */
  last_error: z.string().optional(),
})
export type ProviderSummary = z.infer<typeof providerSchema>

export const targetSummarySchema = z.object({ target: z.string(), default: z.boolean() })

// ── Power ───────────────────────────────────────────────────────────────────────────────────────────────

export const verbs = ['status', 'forensics', 'reset', 'stop', 'start', 'cycle'] as const
export const mutatingVerbs = ['cycle', 'reset', 'start', 'stop'] as const
export const verbSchema = z.enum(verbs)
export type Verb = z.infer<typeof verbSchema>
export const opSchema = z.string().regex(/^[0-9a-f]{32}$/, 'an op is 32 lower-case hex digits')

/** `refused`: nothing was run. `unknown`: contact was lost, it may or may not have run. */
export const outcomeSchema = z.enum(['done', 'failed', 'refused', 'unknown'])
export type Outcome = z.infer<typeof outcomeSchema>

export const powerResultSchema = z.object({
  verb: verbSchema,
  exit_code: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  /** True exactly when `outcome` is `refused`. */
  rejected: z.boolean(),
  outcome: outcomeSchema,
  op: opSchema,
  failed_leg: legSchema.optional(),
  duration_ms: z.number(),
  code: z.string().optional(),
  /** The hypervisor's word for why it was refused or failed: `no_quorum`, `locked`… (`breakglass-vm` lists them). */
  reason: z.string().optional(),
})
export type PowerResult = z.infer<typeof powerResultSchema>

export const operationSchema = z.object({
  op: opSchema,
  verb: verbSchema,
  by: z.string(),
  state: z.enum(['running', 'ended']),
  phase: z.string(),
  outcome: outcomeSchema.optional(),
  exit_code: z.int().nullable().optional(),
  requested_at: z.iso.datetime(),
  duration_ms: z.number().optional(),
  /** Why it ended so, in a sentence. */
  detail: z.string().optional(),
  /** What it went through so far, in order: `preflight`, `forensics`, `stop`, `start`, `reset`. */
  phases: z.array(z.object({ phase: z.string(), at: z.iso.datetime() })).optional(),
  /** The hypervisor keeps a forensics report that was made before it. */
  forensics: z.boolean().optional(),
  /** The verb's body, once ended; only where one operation is asked for. */
  result: powerResultSchema.optional(),
})
export type Operation = z.infer<typeof operationSchema>

export const vmStateSchema = z.enum(['running', 'stopped', 'paused', 'unknown'])
export const vmSchema = z.object({
  vm: z.string(),
  title: z.string(),
  state: vmStateSchema,
  /** When `state`, `wedged`, `locked` and `ha` were read; null when they never were. */
  state_at: z.iso.datetime().nullable(),
  wedged: z.boolean().optional(),
  /** Why it is held to be wedged, or why its state is unknown, in a sentence. */
  evidence: z.string().optional(),
  /** Signs of a stall that prove nothing yet, in a sentence. */
  suspect: z.string().optional(),
  /** The hypervisor's own lock of the VM: `backup`, `migrate`… */
  locked: z.string().optional(),
  /** Who holds the file that every action of `qm` has to lock, in words. */
  lock_holder: z.string().optional(),
  ha: z.boolean().optional(),
  /** HA's word for it, where `ha` is true. */
  ha_state: z.string().optional(),
  /** Whether the hypervisor's cluster may act; absent where that could not be read. */
  quorum: z.boolean().optional(),
  /** The cluster's node that has the VM, where it is not this hypervisor. */
  node: z.string().optional(),
  /** Changes that only a fresh process applies, one a line: `memory: 8192 → 16384`. */
  pending: z.array(z.string()).optional(),
  /** QEMU's guest agent; `off` where none is configured. */
  agent: z.enum(['answers', 'silent', 'off']).optional(),
  uptime_s: z.int().optional(),
  /** When its process was started. */
  started_at: z.iso.datetime().optional(),
  /** What the hypervisor could not tell in time: `quorum`, `ha`… */
  unread: z.array(z.string()).optional(),
  /** The machine that it runs on, as it was last reached with this VM's key. */
  hypervisor: z
    .object({
      name: z.string(),
      /** Null when nobody has tried yet. */
      reachable: z.boolean().nullable(),
      failed_leg: legSchema.optional(),
      detail: z.string().optional(),
      checked_at: z.iso.datetime().nullable(),
    })
    .optional(),
  /** What goes down with this VM, as configured: a node of the cluster that we run on, a VPN… */
  carries: z.array(z.string()).optional(),
  /** The op of the running operation. */
  busy: opSchema.optional(),
  targets: z.array(z.string()),
  last_operation: operationSchema.optional(),
  /** A simulated VM: every screen that shows it says DEMO. */
  demo: z.boolean(),
})
export type Vm = z.infer<typeof vmSchema>
