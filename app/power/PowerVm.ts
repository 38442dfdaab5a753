import { execFresh } from '#app/ssh/execFresh.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import type { SshDestination } from '#app/ssh/SshDestination.ts'
import type { SshPool } from '#app/ssh/SshPool.ts'

/** Where one VM's power is: the account on its hypervisor, with the key whose forced command names this VM. */
export interface VmPlace {
  name: string
  title: string
  /** Names of the targets that run inside it. */
  targets: string[]
  /** What goes down with it, in words; nothing when absent. */
  carries?: string[]
  /** A simulated VM. */
  demo: boolean
  hypervisor: SshDestination
}

export interface PowerVm extends Omit<VmPlace, 'hypervisor'> {
  /** The hypervisor's name. */
  hypervisor: string
  /**
   * A new connection for each command: mutations must not depend on what an old one went through, and a long
   * report must not keep `status` waiting.
   */
  fresh: Runner
  /** A connection that stays open: for `status`. */
  warm: Runner
}

/** Gives a VM its two ways to its hypervisor. */
export function powerVm({ hypervisor, ...vm }: VmPlace, pool: Pick<SshPool, 'runner'>): PowerVm {
  return {
    ...vm,
    hypervisor: hypervisor.name,
    fresh: { exec: (request) => execFresh(hypervisor, request) },
    warm: pool.runner(hypervisor, { maxInFlight: 1 }),
  }
}
