import type { Vm } from '#app/schema/api.ts'
import type { HostStatus } from './hostAnswer.ts'

/** What a VM shows of its last reading. */
export type VmReading = Pick<
  Vm,
  | 'state'
  | 'wedged'
  | 'evidence'
  | 'suspect'
  | 'locked'
  | 'lock_holder'
  | 'ha'
  | 'ha_state'
  | 'quorum'
  | 'node'
  | 'pending'
  | 'agent'
  | 'uptime_s'
  | 'started_at'
  | 'unread'
  | 'busy'
>

/** The hypervisor's words as ours: what it did not tell is absent. */
export function vmReading(status: HostStatus): VmReading {
  const { state, wedged, ha, uptime_s, quorum } = status
  const { evidence, suspect, locked, lock_holder, node, started_at, busy, pending, agent, unread } = status
  // Null is "not managed" only where it was read.
  const managed = typeof ha === 'string' || (ha === null && !unread?.includes('ha') ? false : undefined)
  return {
    state,
    wedged,
    ...(evidence && { evidence }),
    ...(suspect && { suspect }),
    ...(locked && { locked }),
    ...(lock_holder && { lock_holder }),
    ...(managed !== undefined && { ha: managed }),
    ...(ha && { ha_state: ha }),
    ...(typeof quorum === 'boolean' && { quorum }),
    ...(node && { node }),
    ...(pending && { pending }),
    ...(agent && { agent }),
    ...(typeof uptime_s === 'number' && { uptime_s }),
    ...(started_at && { started_at }),
    ...(unread && unread.length > 0 && { unread }),
    ...(busy && { busy }),
  }
}
