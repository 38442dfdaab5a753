import type { Config } from '#app/schema/config.ts'
import { oneOf } from '#app/schema/describeIssue.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { isOpenToAll, whyUnreadable } from './fileAccess.ts'

/** Keys that come from the environment, for targets without one of their own. */
export interface SharedKeys {
  sshKeyFile?: string
  sshAgent?: string
}

type Finding = Pick<ConfigProblem, 'path' | 'found' | 'allowed'> & { keys: string[] }

/** What one setting says about another: names that must exist, and keys that must not be shared. */
export function crossCheck(config: Config): Finding[] {
  const findings: Finding[] = []
  const keyOwner = new Map<string, string>()
  for (const [name, vm] of Object.entries(config.vms)) {
    const at = (...rest: string[]) => ({
      keys: ['vms', name, ...rest],
      path: ['vms', name, ...rest].join('.'),
    })
    if (!Object.hasOwn(config.hypervisors, vm.hypervisor))
      findings.push({
        ...at('hypervisor'),
        found: `"${vm.hypervisor}", which is not under hypervisors`,
        allowed: oneOf(Object.keys(config.hypervisors)),
      })
    for (const target of vm.targets.filter((one) => !Object.hasOwn(config.targets, one)))
      findings.push({
        ...at('targets'),
        found: `"${target}", which is not under targets`,
        allowed: oneOf(Object.keys(config.targets)),
      })
    const use = JSON.stringify([vm.hypervisor, vm.key_file])
    const other = keyOwner.get(use)
    keyOwner.set(use, name)
    if (other !== undefined)
      findings.push({
        ...at('key_file'),
        found: `the key of vms.${other} on the same hypervisor`,
        allowed: 'a key of its own (the forced command of a key names one VM)',
      })
  }
  return findings
}

/**
 * What will not work as configured, though it may once a file is put in its place. These do not stop the start:
 * one lost key must not take the power path of every other VM with it.
 */
export function findWarnings(config: Config, shared: SharedKeys): string[] {
  const warnings: string[] = []
  const checkKey = (path: string, file: string) => {
    const why = whyUnreadable(file)
    if (why) warnings.push(`${path}: the key file ${why}; nothing can be reached with it.`)
    else if (isOpenToAll(file)) warnings.push(`${path}: every account of this machine can read the key file.`)
  }
  if (shared.sshKeyFile !== undefined) checkKey('BREAKGLASS_SSH_KEY_FILE', shared.sshKeyFile)
  for (const [name, vm] of Object.entries(config.vms)) checkKey(`vms.${name}.key_file`, vm.key_file)
  for (const [name, target] of Object.entries(config.targets)) {
    if (target.key_file !== undefined) checkKey(`targets.${name}.key_file`, target.key_file)
    else if (shared.sshKeyFile === undefined && shared.sshAgent === undefined)
      warnings.push(
        `targets.${name}: no key to sign in with; set its key_file, BREAKGLASS_SSH_KEY_FILE or SSH_AUTH_SOCK.`,
      )
  }
  return warnings
}
