import type { SshDestination } from '#app/ssh/SshDestination.ts'
import type { ThresholdsConfig } from '#app/schema/config.ts'

export type Thresholds = { [K in keyof ThresholdsConfig]-?: NonNullable<ThresholdsConfig[K]> }

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

export const defaultThresholds: Thresholds = {
  cpu_percent: 90,
  memory_percent: 90,
  disk_percent: 95,
  gpu_temp_warning_c: 80,
  gpu_temp_critical_c: 90,
  gpu_memory_percent: 90,
  session_cpu_percent: 80,
  session_memory_mb: 2048,
  offline_polls: 3,
  for_polls: 3,
}
