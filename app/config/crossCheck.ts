import type { Config, MailConfig } from '#app/schema/config.ts'
import { oneOf } from '#app/schema/describeIssue.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { checkFleet, fleetWarnings } from './checkFleet.ts'
import { isOpenToAll, whyNoFolder, whyUnreadable } from './fileAccess.ts'

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
  const mail = config.notify?.mail
  const signsIn = (['user', 'password_file'] as const).filter((key) => mail?.[key] !== undefined)
  if (mail && signsIn.length === 1)
    findings.push({
      keys: ['notify', 'mail', ...signsIn],
      path: `notify.mail.${signsIn.join()}`,
      found: 'only one of user and password_file',
      allowed: 'both, or neither for a server that asks for none',
    })
  return [...findings, ...checkFleet(config)]
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
  warnings.push(...fleetWarnings(config, shared))
  warnings.push(...mailWarnings(config.notify?.mail), ...knowledgeWarnings(config.knowledge))
  return warnings
}

function mailWarnings(mail: MailConfig | undefined): string[] {
  if (mail === undefined) return []
  const warnings: string[] = []
  if (mail.password_file !== undefined) {
    const why = whyUnreadable(mail.password_file)
    if (why) warnings.push(`notify.mail.password_file: the file ${why}; no mail can be sent.`)
    else if (isOpenToAll(mail.password_file))
      warnings.push('notify.mail.password_file: every account of this machine can read the file.')
  }
  if (mail.strict && mail.recipients.length === 0)
    warnings.push('notify.mail: strict, and nobody under recipients: every mail is refused.')
  return warnings
}

function knowledgeWarnings(folders: string[]): string[] {
  return folders.flatMap((folder, at) => {
    const why = whyNoFolder(folder)
    return why === undefined ? [] : [`knowledge[${at}]: it ${why}; nothing is found in it.`]
  })
}
