import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '#app/config/ConfigError.ts'
import { loadConfig, type Settings } from '#app/config/loadConfig.ts'

export const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL4UzVuJPUd/JJxT1WARkrrWOsJO/tF2STGs/hXtAahE'

/** A right configuration: a hypervisor, a VM with a key, a target without one. */
export const goodYaml = `
hypervisors: {pve1: {host: 10.0.0.5, host_keys: ["${hostKey}"]}}
vms: {devvm: {hypervisor: pve1, key_file: keys/devvm, targets: [box]}}
targets: {box: {host: 10.0.0.20, host_keys: ["${hostKey}"]}}
`

export interface ConfigFolder {
  cwd: string
  /** Loads with `yaml` as `b.yaml`, or with no file. */
  load: (yaml: string | undefined, env?: Record<string, string>) => Promise<Settings>
  /** As `load`, for what must be refused: the refusal. */
  refusal: (yaml: string | undefined, env?: Record<string, string>) => Promise<ConfigError>
  remove: () => Promise<void>
}

/** A temporary working folder with the files `keys/devvm` and `tokens`. */
export async function makeConfigFolder(): Promise<ConfigFolder> {
  const cwd = await mkdtemp(join(tmpdir(), 'breakglass-config-'))
  await mkdir(join(cwd, 'keys'))
  await writeFile(join(cwd, 'keys/devvm'), 'key', { mode: 0o600 })
  await writeFile(join(cwd, 'tokens'), '')
  const load: ConfigFolder['load'] = async (yaml, env = {}) => {
    if (yaml !== undefined) await writeFile(join(cwd, 'b.yaml'), yaml)
    return loadConfig({ env: { ...(yaml !== undefined && { BREAKGLASS_CONFIG: 'b.yaml' }), ...env }, cwd })
  }
  return {
    cwd,
    load,
    async refusal(yaml, env) {
      const error: unknown = await load(yaml, env).catch((thrown: unknown) => thrown)
      if (error instanceof ConfigError) return error
      throw new Error('it was not refused', { cause: error })
    },
    remove: () => rm(cwd, { recursive: true }),
  }
}
