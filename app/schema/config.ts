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
})

const target = z.strictObject({
  host,
  port: port.default(22),
  user: account.default('root'),
  key_file: path.optional().describe('Default: BREAKGLASS_SSH_KEY_FILE, else the SSH agent.'),
  host_keys: z.array(hostKey).min(1).describe('Pinned host keys; several, so that a rebuild can be planned.'),
})

export const configSchema = z.strictObject({
  hypervisors: z.record(name, hypervisor).default({}).describe('Machines that run VMs, reached over SSH.'),
  vms: z.record(name, vm).default({}).describe('The first is the default VM.'),
  targets: z.record(name, target).default({}).describe('The first is the default target.'),
  agents_dir: path.optional().describe('Presets and agents in place of the built-in `agents/`.'),
})
export type Config = z.infer<typeof configSchema>
export type HypervisorConfig = Config['hypervisors'][string]
export type VmConfig = Config['vms'][string]
export type TargetConfig = Config['targets'][string]

/** The key's own bytes begin with the name of its algorithm; ed25519 keys have one length (RFC 8709). */
function isWhole(line: string): boolean {
  const [algorithm = '', encoded = ''] = line.split(' ')
  const bytes = Uint8Array.from(atob(encoded.slice(0, encoded.length - (encoded.length % 4))), (c) =>
    c.charCodeAt(0),
  )
  const named = new TextDecoder().decode(bytes.subarray(4, 4 + algorithm.length)) === algorithm
  return named && (algorithm !== 'ssh-ed25519' || bytes.length === 51)
}
