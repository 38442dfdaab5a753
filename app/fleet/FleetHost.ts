import type { SshDestination } from '#app/ssh/SshDestination.ts'
import type { Thresholds } from '#app/schema/thresholds.ts'

/** One machine of the fleet, with all defaults applied. */
export interface FleetHost {
  name: string
  /** As people know it: a name or an address, without a port. */
  address: string
  /** Where its probe is asked; null: this machine itself, without SSH. */
  destination: SshDestination | null
  target?: string
  groups: string[]
  tags: string[]
  hasGpu: boolean | 'auto'
  thresholds: Thresholds
  legacyAfterMs: number
  intervalMs: number
  /** While somebody looks at it. */
  watchedIntervalMs: number
}
