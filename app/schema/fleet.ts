import { z } from 'zod'

/**
 * The fleet as the API tells it. `_mb` counts 1,048,576 bytes. A figure that could not be read is null, never 0; what
 * a failing section told last stays, and the section's `age_s` says how old it is.
 */
const percent = z.number().min(0).nullable()
const mb = z.number().min(0).nullable()
const time = z.iso.datetime()

/** One part of a poll: `tmux`, `gpu`… */
export const sectionSchema = z.object({
  /** False while its newest reading failed. */
  ok: z.boolean(),
  /** Seconds since it was last read well; null when it never was. */
  age_s: z.number().nullable(),
  /** Why the newest reading failed, in a sentence. */
  error: z.string().optional(),
})
export type Section = z.infer<typeof sectionSchema>

export const diskSchema = z.object({
  mount: z.string(),
  used_mb: z.number(),
  total_mb: z.number(),
  used_percent: z.number(),
  /** It could not be asked in the newest poll: the figures are older. */
  unread: z.literal(true).optional(),
})
export type Disk = z.infer<typeof diskSchema>

export const gpuProcessSchema = z.object({
  pid: z.int(),
  name: z.string(),
  /** The command line, cut and without secrets. */
  command: z.string().nullable(),
  user: z.string().nullable(),
  memory_mb: mb,
  /** The id of the tmux session whose processes it belongs to. */
  tmux: z.string().optional(),
})
export type GpuProcess = z.infer<typeof gpuProcessSchema>

export const gpuSchema = z.object({
  /** Null where it cannot be known, for a GPU that was lost. */
  index: z.int().nullable(),
  uuid: z.string(),
  bus_id: z.string().nullable(),
  vendor: z.enum(['nvidia', 'amd', 'intel']),
  name: z.string(),
  power_draw_watts: z.number().nullable(),
  power_limit_watts: z.number().nullable(),
  memory_used_mb: mb,
  memory_total_mb: mb,
  utilization_percent: percent,
  temperature_c: z.number().nullable(),
  /** Why it runs slower than it could: `power`, `heat`, `hardware`…; [] when it does not, null when unknown. */
  throttled: z.array(z.string()).nullable(),
  /** Whether it is split by MIG; its utilisation is then unknown. */
  mig: z.boolean().nullable(),
  /** `lost`: it fell off or has no handle. `missing`: it is listed no more. `asleep`: it must not be woken. */
  state: z.enum(['answers', 'lost', 'missing', 'asleep']),
  /** Why it cannot be read, in a sentence, while others can: it fell off the bus, it sleeps… */
  unreadable: z.string().optional(),
  /** Null when they could not be asked for; that is not an idle GPU. */
  processes: z.array(gpuProcessSchema).nullable(),
})
export type Gpu = z.infer<typeof gpuSchema>

export const tmuxSessionSchema = z.object({
  /** Opaque and URL-safe: names host, user, server and tmux session, and never comes again for another one. */
  id: z.string(),
  host: z.string(),
  user: z.string(),
  name: z.string(),
  created: time,
  /** The last output in any of its windows. */
  last_activity: time,
  /** When the last attach began; null when nobody ever attached. */
  last_attached: time.nullable(),
  attached: z.boolean(),
  /** Attached clients. */
  clients: z.int(),
  /** Since when nobody is attached, as far as it was seen; absent while somebody is. */
  detached_since: time.optional(),
  window_count: z.int(),
  /** `legacy`: detached for so long that it was probably forgotten. */
  status: z.enum(['active', 'legacy']),
  pids: z.array(z.int()),
  /** Why its processes are not known, in a sentence, where its tmux server's word on them is not believed. */
  doubt: z.string().optional(),
  /** Of the whole host: 100 is every core. Null at the first sight, and while it cannot be read. */
  cpu_percent: percent,
  /** Resident memory of its processes, shared pages counted in each. */
  memory_mb: mb,
  /** Null where the host has no GPU, or its processes could not be asked for. */
  gpu_memory_mb: mb,
  /** The same by GPU. */
  gpus: z.array(z.object({ uuid: z.string(), index: z.int().nullable(), memory_mb: mb })),
  /** For a shell, as the owner of the tmux session. */
  attach_command: z.string(),
  /** Null where there is no way there by SSH. */
  attach_url: z.string().nullable(),
})
export type TmuxSession = z.infer<typeof tmuxSessionSchema>

export const hostStatusSchema = z.enum(['online', 'degraded', 'offline'])
export type HostStatus = z.infer<typeof hostStatusSchema>

export const hostSchema = z.object({
  name: z.string(),
  address: z.string(),
  /**
   * `offline`: it could not be reached when it was last tried, or never was. `degraded`: it answered, and a section
   * failed. What stands in the other fields is then old.
   */
  status: hostStatusSchema,
  /** Why it is not online, in a sentence. */
  detail: z.string().optional(),
  /** The leg that failed, where it is offline. */
  failed_leg: z.string().optional(),
  /** When it last answered; null when it never did. */
  last_seen: time.nullable(),
  /** When it was last tried; null when it never was. */
  polled_at: time.nullable(),
  /** How often it is polled now; what is older than a few of these is not live. */
  interval_s: z.number(),
  /** When it is tried again, where that is later than usual because it fails. */
  next_poll_at: time.optional(),
  sections: z.record(z.string(), sectionSchema),
  /** This machine itself, probed without SSH. */
  local: z.boolean(),
  groups: z.array(z.string()),
  tags: z.array(z.string()),
  /** The target that stands for it, where it can be triaged. */
  target: z.string().optional(),
  os: z.string().nullable(),
  kernel: z.string().nullable(),
  /** Null until it is known. */
  has_gpu: z.boolean().nullable(),
  cpu_count: z.int().nullable(),
  cpu_percent: percent,
  memory_percent: percent,
  memory_used_mb: mb,
  memory_total_mb: mb,
  load: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  uptime_s: z.number().nullable(),
  booted_at: time.nullable(),
  /** When a reboot was noticed, in the last 24 hours. */
  rebooted_at: time.optional(),
  /** Its clock against ours, positive when it is ahead; absent within a minute. */
  clock_offset_s: z.number().optional(),
  disks: z.array(diskSchema),
  gpus: z.array(gpuSchema),
  tmux: z.array(tmuxSessionSchema),
  /** Of very many tmux sessions those that matter most are listed here: how many are not. `/api/fleet/tmux` has all. */
  tmux_more: z.int().optional(),
  /** Every account's tmux sessions, or only those of the account that the probe has. */
  scope: z.enum(['all', 'own']).nullable(),
})
export type Host = z.infer<typeof hostSchema>

export const killTokenBodySchema = z.object({
  /** Needed for a tmux session that is not legacy: the operator was told twice. */
  active: z.boolean().optional(),
})
export const killTokenSchema = z.object({ token: z.string(), expires: time })
export type KillToken = z.infer<typeof killTokenSchema>

export const killBodySchema = z.object({ token: z.string().max(200) })
export const survivorSchema = z.object({ pid: z.int(), name: z.string(), gpu_memory_mb: mb })
export const killResultSchema = z.object({
  killed: z.boolean(),
  /** Processes of the tmux session that outlived it. */
  survivors: z.array(survivorSchema),
  /** Why it was not killed, in a sentence. */
  detail: z.string().optional(),
})
export type KillResult = z.infer<typeof killResultSchema>

/** One figure over time; the arrays are as long as `times`, null where nothing is known. */
export const seriesSchema = z.object({
  metric: z.enum([
    'cpu_percent',
    'memory_percent',
    'load',
    'power_draw_watts',
    'memory_used_mb',
    'utilization_percent',
    'temperature_c',
    'memory_mb',
    'gpu_memory_mb',
    'attached',
  ]),
  /** The uuid of the GPU that it is of. */
  gpu: z.string().optional(),
  /** The id of the tmux session that it is of. */
  tmux: z.string().optional(),
  mean: z.array(z.number().nullable()),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
})
export type Series = z.infer<typeof seriesSchema>

export const hostHistorySchema = z.object({
  host: z.string(),
  from: time,
  to: time,
  /** The distance of two points: what was asked for, or the finest that is still kept of that range. */
  step_s: z.number(),
  /** The beginning of each step. */
  times: z.array(time),
  series: z.array(seriesSchema),
  /** How many more there were in the range: those with the fewest points are not told. */
  series_left_out: z.int().optional(),
})
export type HostHistory = z.infer<typeof hostHistorySchema>

// ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────────

export const severitySchema = z.enum(['info', 'warning', 'critical'])
export type Severity = z.infer<typeof severitySchema>

export const alertSchema = z.object({
  id: z.string(),
  /** The rule: `host_offline`, `gpu_temp_critical`, `legacy_session`… */
  type: z.string(),
  severity: severitySchema,
  host: z.string().optional(),
  /** What it is about, in words: the host, "GPU 0", a tmux session's name… */
  subject: z.string(),
  /** The id of the tmux session that it is about. */
  tmux: z.string().optional(),
  message: z.string(),
  created: time,
  /** When the message was last true. */
  seen: time,
  /** How often it was found again since. */
  count: z.int(),
  acknowledged: z.boolean(),
  by: z.string().optional(),
  /** Until when it is acknowledged; absent: until it ends. */
  until: time.optional(),
})
export type Alert = z.infer<typeof alertSchema>

export const ackBodySchema = z.object({ until: time.optional() })

/** `GET /api/fleet`: what a screen without hosts or alerts says. */
export const fleetSummarySchema = z.object({
  /** Whether hosts are named in the configuration; else the fleet is this machine, or none. */
  configured: z.boolean(),
  hosts: z.int(),
  alerts_enabled: z.boolean(),
})
export type FleetSummary = z.infer<typeof fleetSummarySchema>
