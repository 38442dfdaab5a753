import type { Config, ThresholdsConfig } from '#app/schema/config.ts'
import { oneOf } from '#app/schema/describeIssue.ts'
import { withDefaults } from '#app/schema/thresholds.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { isOpenToAll, whyUnreadable } from './fileAccess.ts'
import type { SharedKeys } from './crossCheck.ts'

type Finding = Pick<ConfigProblem, 'path' | 'found' | 'allowed'> & { keys: string[] }

/** What the fleet's settings say about others: targets that must exist, thresholds that must follow each other. */
export function checkFleet({ fleet, targets }: Config): Finding[] {
  if (fleet === undefined) return []
  const findings: Finding[] = []
  const compare = (keys: string[], own: ThresholdsConfig | undefined, common: ThresholdsConfig = {}) => {
    const { gpu_temp_warning_c: warning, gpu_temp_critical_c: critical } = withDefaults(common, own)
    if (own === undefined || warning < critical) return
    const name = own.gpu_temp_warning_c === undefined ? 'gpu_temp_critical_c' : 'gpu_temp_warning_c'
    findings.push({
      ...{ keys: [...keys, 'thresholds', name], path: [...keys, 'thresholds', name].join('.') },
      found: `a warning at ${warning} °C with critical at ${critical} °C`,
      allowed: 'a warning below critical',
    })
  }
  compare(['fleet'], fleet.thresholds)
  for (const [name, host] of Object.entries(fleet.hosts)) {
    const keys = ['fleet', 'hosts', name]
    if (host.target !== undefined && !Object.hasOwn(targets, host.target))
      findings.push({
        ...{ keys: [...keys, 'target'], path: [...keys, 'target'].join('.') },
        found: `"${host.target}", which is not under targets`,
        allowed: oneOf(Object.keys(targets)),
      })
    compare(keys, host.thresholds, fleet.thresholds)
  }
  return findings
}

/** Keys of the fleet that cannot be used, or that may do more than the probe needs. */
export function fleetWarnings({ fleet, targets, vms }: Config, shared: SharedKeys): string[] {
  if (fleet === undefined) return []
  const warnings: string[] = []
  const others = new Map<string, string>()
  const keylessTarget = Object.keys(targets).find((name) => targets[name]?.key_file === undefined)
  if (shared.sshKeyFile !== undefined && keylessTarget !== undefined)
    others.set(shared.sshKeyFile, `targets.${keylessTarget}`)
  for (const [name, one] of Object.entries(targets))
    if (one.key_file !== undefined) others.set(one.key_file, `targets.${name}`)
  for (const [name, one] of Object.entries(vms)) others.set(one.key_file, `vms.${name}`)
  const checkKey = (path: string, file: string | undefined) => {
    if (file === undefined) return
    const why = whyUnreadable(file)
    if (why) warnings.push(`${path}: the key file ${why}; no host can be polled with it.`)
    else if (isOpenToAll(file)) warnings.push(`${path}: every account of this machine can read the key file.`)
    const other = others.get(file)
    if (other !== undefined)
      warnings.push(
        `${path}: it is the key of ${other}; the fleet's should be its own, which only the probe accepts.`,
      )
  }
  checkKey('fleet.key_file', fleet.key_file)
  for (const [name, host] of Object.entries(fleet.hosts))
    checkKey(`fleet.hosts.${name}.key_file`, host.key_file)
  const keyless = Object.entries(fleet.hosts).filter(([, host]) => host.key_file === undefined)
  const common = fleet.key_file ?? shared.sshKeyFile ?? shared.sshAgent
  if (common === undefined && keyless.length > 0)
    warnings.push(
      `fleet.hosts: no key to sign in with for ${keyless
        .map(([name]) => name)
        .slice(0, 5)
        .join(', ')}` + `${keyless.length > 5 ? ` and ${keyless.length - 5} more` : ''}; set fleet.key_file.`,
    )
  return warnings
}
