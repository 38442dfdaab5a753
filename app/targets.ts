import { createHash } from 'node:crypto'
import type { Settings } from '#app/config/loadConfig.ts'
import type { VmPlace } from '#app/power/PowerVm.ts'
import type { SshDestination, SshKey } from '#app/ssh/SshDestination.ts'

/** The one machine that is a target without configuration: this one, without SSH. */
export const localTarget = 'local'

/** Names of the targets, the default first. */
export function targetNames({ config, localTarget: local }: Settings): string[] {
  return local ? [localTarget] : Object.keys(config.targets)
}

/** Where a configured target is reached, undefined for one that is not configured. */
export function targetDestination(settings: Settings, name: string): SshDestination | undefined {
  const target = Object.hasOwn(settings.config.targets, name) ? settings.config.targets[name] : undefined
  if (target === undefined) return undefined
  const { host, port, user, host_keys, key_file } = target
  return { name, host, port, user, hostKeys: host_keys, key: keyOf(settings, key_file) }
}

/** The configured VMs with their hypervisors, the default first. */
export function configuredVms({ config }: Settings): VmPlace[] {
  return Object.entries(config.vms).flatMap(([name, vm]) => {
    const hypervisor = config.hypervisors[vm.hypervisor]
    // loadConfig has refused a VM whose hypervisor is not there.
    if (hypervisor === undefined) return []
    const { host, port, user, host_keys } = hypervisor
    return {
      name,
      title: vm.title ?? name,
      targets: vm.targets,
      carries: vm.carries,
      demo: false,
      hypervisor: {
        name: vm.hypervisor,
        host,
        port,
        user,
        hostKeys: host_keys,
        key: { file: vm.key_file },
      },
    }
  })
}

/** A fingerprint of a destination: it changes when the name leads elsewhere, or with another key. */
export function fingerprintOf({ host, port, user, hostKeys, key }: SshDestination): string {
  return createHash('sha256')
    .update(JSON.stringify([host, port, user, hostKeys, key]))
    .digest('hex')
}

/** A key of its own, that of the environment, or an agent's. */
export function keyOf({ sshKeyFile, sshAgent }: Settings, ownKey: string | undefined): SshKey {
  const file = ownKey ?? sshKeyFile
  if (file !== undefined) return { file }
  // Without any key the agent's absence is told by the connection, with the leg `auth`.
  return { agent: sshAgent ?? '' }
}
