import type { ThresholdsConfig } from './config.ts'

export type Thresholds = { [K in keyof ThresholdsConfig]-?: NonNullable<ThresholdsConfig[K]> }

/** When alerts of a host begin, where the configuration says nothing else. */
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

/** The thresholds that hold where these were set, a later one wins. */
export function withDefaults(...set: (ThresholdsConfig | undefined)[]): Thresholds {
  const given = set.flatMap((one) => Object.entries(one ?? {}).filter(([, value]) => value !== undefined))
  return { ...defaultThresholds, ...Object.fromEntries(given) }
}
