import { z } from 'zod'

/**
 * The YAML file, exactly: unknown settings are refused, so that a typing error is never a silent default.
 * `breakglass.example.yaml` shows every setting; `breakglass.schema.json` is generated from this for editors.
 */
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name: letters, digits, ".", "_", "-", at most 63')
const port = z.int().min(1).max(65535)
const account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a Unix account name')
const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9._:-]+$/, 'a host name or address')
const hostKey = z
  .string()
  .regex(
    /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]+( .*)?$/,
    'a host key line, as `ssh-keyscan HOST` prints it after the host name',
  )

const hypervisor = z.strictObject({
  host: host.describe('Name or address; an address keeps the power path free of DNS.'),
  port: port.default(22),
  user: account.default('breakglass'),
  host_keys: z.array(hostKey).min(1).describe('Pinned host keys; several, so that a rebuild can be planned.'),
})

const vm = z.strictObject({
  title: z.string().min(1).max(80).optional(),
  hypervisor: name.describe('A name under `hypervisors`.'),
  key_file: z.string().min(1).describe('The private key whose forced command names this VM.'),
  targets: z.array(name).default([]).describe('Targets that run inside this VM.'),
})

const target = z.strictObject({
  host,
  port: port.default(22),
  user: account.default('root'),
  key_file: z.string().min(1).optional().describe('Default: BREAKGLASS_SSH_KEY_FILE, else the SSH agent.'),
  host_keys: z.array(hostKey).min(1),
})

export const configSchema = z.strictObject({
  hypervisors: z.record(name, hypervisor).default({}),
  vms: z.record(name, vm).default({}).describe('The first is the default VM.'),
  targets: z.record(name, target).default({}).describe('The first is the default target.'),
  agents_dir: z.string().min(1).optional().describe('Presets and agents in place of the built-in `agents/`.'),
})
export type Config = z.infer<typeof configSchema>
export type HypervisorConfig = Config['hypervisors'][string]
export type VmConfig = Config['vms'][string]
export type TargetConfig = Config['targets'][string]
