import { z } from 'zod'

/**
 * The YAML file, exactly: unknown settings are refused, so that a typing error is never a silent default.
 * `breakglass.example.yaml` shows every setting; `breakglass.schema.json` is generated from this for editors.
 */
const name = z.string().regex(
  // Names of digits alone would lose their order, and with it which one is the default.
  /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  'a name: letters, digits, ".", "_", "-", at most 63, not digits alone',
)
const port = z.int().min(1).max(65535)
const account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a Unix account name')
const host = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/,
    'a host name or address, without a port',
  )
const hostKey = z
  .string()
  .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( .*)?$/, {
    error: 'a host key line, as `ssh-keyscan HOST` prints it after the host name',
    abort: true,
  })
  .refine(isWhole, 'a host key line that is whole (this one is cut off or altered)')
  .meta({ title: 'a host key line, as `ssh-keyscan HOST` prints it after the host name' })
const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0\r\n]+$/, 'a path, from the folder of this file if it is relative')

const hypervisor = z.strictObject({
  host: host.describe('Name or address; an address keeps the power path free of DNS.'),
  port: port.default(22),
  user: account.default('breakglass'),
  host_keys: z.array(hostKey).min(1).describe('Pinned host keys; several, so that a rebuild can be planned.'),
})

const vm = z.strictObject({
  title: z.string().min(1).max(80).optional().describe('What screens call it; the name, if there is none.'),
  hypervisor: name.describe('A name under `hypervisors`.'),
  key_file: path.describe('The private key whose forced command names this VM; each VM has its own.'),
  targets: z.array(name).default([]).describe('Targets that run inside this VM.'),
  carries: z
    .array(z.string().min(1).max(120))
    .max(10)
    .default([])
    .describe('What goes down with this VM, in words: whoever switches it off is told.'),
})

export const modeSchema = z.enum(['read-only', 'ask', 'autonomous'])

const target = z.strictObject({
  host,
  port: port.default(22),
  user: account.default('root'),
  key_file: path.optional().describe('Default: BREAKGLASS_SSH_KEY_FILE, else the SSH agent.'),
  host_keys: z.array(hostKey).min(1).describe('Pinned host keys; several, so that a rebuild can be planned.'),
  mode: modeSchema
    .default('ask')
    .describe(
      'What an agent may change here: read-only nothing, ask what an operator approves, autonomous all.',
    ),
})

const percentage = z.number().min(1).max(100)
const thresholds = z.strictObject({
  cpu_percent: percentage.optional().describe('Default: 90. Of the whole host.'),
  memory_percent: percentage.optional().describe('Default: 90.'),
  disk_percent: percentage.optional().describe('Default: 95.'),
  gpu_temp_warning_c: z.number().min(20).max(150).optional().describe('Default: 80.'),
  gpu_temp_critical_c: z.number().min(20).max(150).optional().describe('Default: 90.'),
  gpu_memory_percent: percentage.optional().describe('Default: 90.'),
  session_cpu_percent: percentage
    .optional()
    .describe('Default: 80. Of the whole host, for one tmux session.'),
  session_memory_mb: z.int().positive().optional().describe('Default: 2048. For one tmux session.'),
  offline_polls: z.int().min(1).max(100).optional().describe('Default: 3. Polls in vain before the alert.'),
  for_polls: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Default: 3. How many polls in a row a figure must be wrong, or right again.'),
})

const fleetHost = z.strictObject({
  host,
  port: port.default(22),
  user: account.default('breakglass').describe('The account that `enrol.sh` made for the probe.'),
  key_file: path.optional().describe('Default: fleet.key_file, BREAKGLASS_SSH_KEY_FILE, the SSH agent.'),
  host_keys: z.array(hostKey).min(1).describe('Pinned host keys; `enrol.sh` prints them.'),
  target: name.optional().describe('The target that stands for this host, so that it can be triaged.'),
  groups: z.array(z.string().min(1).max(60)).max(20).default([]),
  tags: z.array(z.string().min(1).max(60)).max(20).default([]),
  has_gpu: z
    .union([z.literal('auto'), z.boolean()])
    .default('auto')
    .describe('true: no GPU is an error there; false: GPUs are not looked at.'),
  thresholds: thresholds.optional().describe('What differs from fleet.thresholds.'),
})

export const fleetSchema = z.strictObject({
  interval_s: z.number().min(5).max(3600).default(30).describe('How often each host is polled.'),
  watched_interval_s: z
    .number()
    .min(2)
    .max(3600)
    .default(5)
    .describe('How often a host is polled that somebody looks at.'),
  connect_timeout_s: z.number().min(1).max(60).default(10),
  legacy_after_h: z
    .number()
    .positive()
    .max(8760)
    .default(72)
    .describe('A tmux session that nobody was attached to for so long is legacy.'),
  key_file: path.optional().describe('The key for hosts without one of their own.'),
  thresholds: thresholds.optional().describe('When alerts begin; every host may set its own.'),
  history: z
    .strictObject({
      raw_h: z.number().positive().max(48).default(2).describe('Every poll.'),
      minutes_h: z.number().positive().max(720).default(24).describe('One value a minute.'),
      ten_minutes_d: z.number().positive().max(90).default(7).describe('One value in ten minutes.'),
      hours_d: z.number().positive().max(1830).default(90).describe('One value an hour.'),
    })
    .optional()
    .describe('How long figures are kept, in steps that grow coarser.'),
  hosts: z.record(name, fleetHost).default({}),
})

const amount = z.number().positive()
const provider = z.strictObject({
  name: name.describe('What screens call it; a session can choose it by this name.'),
  kind: z.enum(['anthropic', 'openai']).describe('openai: any server that speaks Chat Completions.'),
  model: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Default: the one that app/provider/models.ts names.'),
  base_url: z
    .url({ protocol: /^https?$/, error: 'an http or https URL' })
    .optional()
    .describe(
      "Default: the kind's own address; ANTHROPIC_BASE_URL or OPENAI_BASE_URL where the key is that of a variable too.",
    ),
  key_file: path
    .optional()
    .describe(
      'A file with the key. Default: ANTHROPIC_API_KEY or OPENAI_API_KEY, but never for a base_url of its own.',
    ),
  context_tokens: z
    .int()
    .min(4000)
    .optional()
    .describe('How much the model reads. Default: 200000, openai 128000.'),
  max_output_tokens: z
    .int()
    .min(256)
    .optional()
    .describe('How much it may say in one step. Default: 16384, openai 8192.'),
  price: z
    .strictObject({
      input: z.number().nonnegative(),
      output: z.number().nonnegative(),
      cached: z.number().nonnegative().optional().describe('Read from the cache. Default: as input.'),
      cache_write: z
        .number()
        .nonnegative()
        .optional()
        .describe('Written into the cache. Default: anthropic 1.25 times input, openai as input.'),
    })
    .optional()
    .describe('For a million tokens. Without it the cost is unknown, and said to be.'),
})

const budget = z.strictObject({
  session_cost: amount.optional(),
  day_cost: amount.optional().describe('A day is one of UTC.'),
  session_tokens: z.int().positive().optional().describe('Input and output together, cached ones too.'),
  day_tokens: z.int().positive().optional(),
  warn_percent: z
    .number()
    .min(1)
    .max(100)
    .default(80)
    .describe('From here on it warns, at every further 5 %.'),
})

const address = z.email('an e-mail address')
const mail = z.strictObject({
  host: host.describe('The submission server.'),
  tls: z
    .enum(['starttls', 'implicit'])
    .default('starttls')
    .describe('starttls: required, never optional; implicit: TLS from the first byte.'),
  port: port.optional().describe('Default: 587, with tls: implicit 465.'),
  user: z.string().min(1).optional(),
  password_file: path.optional(),
  from: address.describe('Every mail comes from this mailbox, whatever a model says.'),
  recipients: z.array(address).default([]).describe('Who may be written to without asking.'),
  strict: z
    .boolean()
    .default(false)
    .describe('true: other recipients are refused; false: an operator is asked.'),
})

export const configSchema = z.strictObject({
  hypervisors: z.record(name, hypervisor).default({}).describe('Machines that run VMs, reached over SSH.'),
  vms: z.record(name, vm).default({}).describe('The first is the default VM.'),
  targets: z.record(name, target).default({}).describe('The first is the default target.'),
  fleet: fleetSchema.optional().describe('Machines whose tmux sessions and GPUs are watched.'),
  alerts: z
    .strictObject({
      enabled: z.boolean().default(true).describe('false: nothing is evaluated, and nobody is told.'),
    })
    .optional()
    .describe('What is wrong with the fleet, told once and until it is right again.'),
  providers: z
    .array(provider)
    .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'providers whose names differ')
    .refine((all) => all.every((one) => one.name !== 'runbook'), 'another name than runbook')
    .optional()
    .describe(
      'Models in the order in which they are tried; the runbook is always last. Default: those with a key in the environment.',
    ),
  budget: budget.optional().describe('What models may cost; it warns first, then the runbook takes over.'),
  notify: z.strictObject({ mail: mail.optional() }).optional().describe('Ways to reach people.'),
  knowledge: z.array(path).default([]).describe('Folders with notes in Markdown that agents can search.'),
  agents_dir: path.optional().describe('Presets and agents in place of the built-in `agents/`.'),
})
export type Config = z.infer<typeof configSchema>
export type HypervisorConfig = Config['hypervisors'][string]
export type VmConfig = Config['vms'][string]
export type TargetConfig = Config['targets'][string]
export type ProviderConfig = NonNullable<Config['providers']>[number]
export type FleetConfig = NonNullable<Config['fleet']>
export type FleetHostConfig = FleetConfig['hosts'][string]
export type ThresholdsConfig = NonNullable<FleetConfig['thresholds']>
export type BudgetConfig = NonNullable<Config['budget']>
export type MailConfig = NonNullable<NonNullable<Config['notify']>['mail']>

/** The key's own bytes begin with the name of its algorithm; ed25519 keys have one length (RFC 8709). */
function isWhole(line: string): boolean {
  const [algorithm = '', encoded = ''] = line.split(' ')
  const bytes = Uint8Array.from(atob(encoded.slice(0, encoded.length - (encoded.length % 4))), (c) =>
    c.charCodeAt(0),
  )
  const named = new TextDecoder().decode(bytes.subarray(4, 4 + algorithm.length)) === algorithm
  return named && (algorithm !== 'ssh-ed25519' || bytes.length === 51)
}
