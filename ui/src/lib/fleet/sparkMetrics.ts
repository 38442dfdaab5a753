import type { Gpu, Host, Series } from '#app/schema/fleet.ts'
import { degrees, levelOf, memory, percent, type Level } from './figures.ts'
import { busyPercent, fullPercent, hotC, warmC } from './troublesOf.ts'

/** How one series is drawn and told. */
export interface SparkMetric {
  label: string
  words: (value: number) => string
  /** The value at the upper edge, where it is given; else the largest there is. */
  top: number | null
  level: (value: number) => Level
}

const calm = (): Level => 'calm'
const watts = (value: number): string => `${Math.round(value)} W`

/** What one series is, of a host or of one of its GPUs; null for one that is not drawn. */
export function sparkMetric(
  { metric }: Pick<Series, 'metric'>,
  host: Host,
  gpu: Gpu | undefined,
): SparkMetric | null {
  switch (metric) {
    case 'cpu_percent':
      return { label: 'CPU', words: percent, top: 100, level: (value) => levelOf(value, busyPercent) }
    case 'memory_percent':
      return { label: 'Memory', words: percent, top: 100, level: (value) => levelOf(value, fullPercent) }
    case 'load': {
      const cores = host.cpu_count ?? Infinity
      const words = (value: number): string => value.toFixed(1)
      return { label: 'Load', words, top: null, level: (value) => levelOf(value, cores * 2) }
    }
    case 'power_draw_watts':
      return { label: 'Power', words: watts, top: gpu?.power_limit_watts ?? null, level: calm }
    case 'memory_used_mb': {
      const total = gpu?.memory_total_mb ?? null
      const level = (value: number): Level =>
        total === null ? 'calm' : levelOf((value / total) * 100, fullPercent)
      return { label: 'Memory', words: memory, top: total, level }
    }
    case 'utilization_percent':
      return { label: 'Use', words: percent, top: 100, level: calm }
    case 'temperature_c':
      return { label: 'Heat', words: degrees, top: 110, level: (value) => levelOf(value, warmC, hotC) }
    case 'memory_mb':
      return { label: 'Memory', words: memory, top: null, level: calm }
    case 'gpu_memory_mb':
      return { label: 'GPU', words: memory, top: null, level: calm }
    case 'attached':
      return null
  }
}
