import type { Series } from '#app/schema/fleet.ts'
import type { Figures } from '#app/history/HistoryStore.ts'
import type { HostMemory } from './HostMemory.ts'
import { wasRead } from './wasRead.ts'

/**
 * The figures that the newest poll read, by the name of their series; null when it read none. What is missing is
 * null: a gap in the curve, never a 0.
 */
export function toFigures(memory: HostMemory): Figures | null {
  if (memory.status === 'offline') return null
  const figures: Figures = {}
  if (wasRead(memory, 'host')) {
    figures.cpu_percent = memory.cpuPercent
    figures.load = memory.load?.[0] ?? null
  }
  if (wasRead(memory, 'memory')) figures.memory_percent = memory.memoryPercent
  for (const gpu of memory.gpus) {
    if (gpu.readAt !== memory.polledAt) continue
    const { power_draw_watts, memory_used_mb, utilization_percent, temperature_c } = gpu
    figures[`gpu:${gpu.uuid}`] = { power_draw_watts, memory_used_mb, utilization_percent, temperature_c }
  }
  for (const session of memory.tmux) {
    if (session.readAt !== memory.polledAt) continue
    figures[`tmux:${session.id}`] = {
      cpu_percent: session.cpuPercent,
      memory_mb: session.memoryMb,
      gpu_memory_mb: session.gpuMemoryMb,
      attached: session.clients > 0 ? 1 : 0,
    }
  }
  return Object.keys(figures).length === 0 ? null : figures
}

type SeriesName = Pick<Series, 'metric' | 'gpu' | 'tmux'>

const known: Record<'host' | 'gpu' | 'tmux', readonly Series['metric'][]> = {
  host: ['cpu_percent', 'memory_percent', 'load'],
  gpu: ['power_draw_watts', 'memory_used_mb', 'utilization_percent', 'temperature_c'],
  tmux: ['cpu_percent', 'memory_mb', 'gpu_memory_mb', 'attached'],
}

/** What a series of `toFigures` is of; null for a name that it does not make. */
export function readSeriesName(name: string): SeriesName | null {
  const first = name.indexOf(':')
  const last = name.lastIndexOf(':')
  const kind = first < 0 ? 'host' : name.slice(0, first)
  if (kind !== 'host' && kind !== 'gpu' && kind !== 'tmux') return null
  const metric = known[kind].find((one) => one === name.slice(last + 1))
  const subject = name.slice(first + 1, last)
  if (metric === undefined || (kind !== 'host' && (first === last || subject === ''))) return null
  if (kind === 'host') return first < 0 ? { metric } : null
  return { metric, [kind]: subject }
}
