import type { Thresholds } from './FleetHost.ts'
import type { GpuMemory } from './HostMemory.ts'

/** A GPU must be so much cooler than a threshold to count as cooled down. */
export const coolerC = 3

/**
 * Whether the critical alert of a GPU's heat is on, as the alert itself comes and goes: by so many readings in a row,
 * each way. Undefined while there is nothing to keep.
 */
export function foldHeat(
  before: GpuMemory['heat'],
  temperatureC: number | null,
  { gpu_temp_critical_c, for_polls }: Thresholds,
): GpuMemory['heat'] {
  const { hot, run } = before ?? { hot: false, run: 0 }
  if (temperatureC === null) return before
  const turns = hot ? temperatureC < gpu_temp_critical_c - coolerC : temperatureC >= gpu_temp_critical_c
  if (!turns) return hot ? { hot, run: 0 } : undefined
  return run + 1 >= Math.max(2, for_polls) ? { hot: !hot, run: 0 } : { hot, run: run + 1 }
}
