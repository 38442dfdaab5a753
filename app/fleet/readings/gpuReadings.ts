import type { Reading } from '#app/alert/Reading.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { GpuMemory, HostMemory } from '../HostMemory.ts'
import { gigabytes, percent } from '../amount.ts'
import { forReadings, slackPercent } from './hostReadings.ts'

/** A GPU must be so much cooler than a threshold to count as cooled down. */
const coolerC = 3

/** Heat, memory and presence of each GPU. Utilisation is no reason for an alert: idle cards can read 100 %. */
export function gpuReadings(memory: HostMemory, host: FleetHost): Reading[] {
  return memory.gpus.flatMap((gpu) => readingsOf(gpu, host, gpu.readAt === memory.polledAt))
}

/** "GPU 0", or where it has no number its place. */
export function gpuWords({ index, bus_id, uuid }: Pick<GpuMemory, 'index' | 'bus_id' | 'uuid'>): string {
  return index === null ? `GPU ${bus_id ?? uuid}` : `GPU ${index}`
}

function readingsOf(gpu: GpuMemory, host: FleetHost, read: boolean): Reading[] {
  const words = gpuWords(gpu)
  const of = () => `${words} of ${host.name}`
  const { gpu_temp_warning_c: warm, gpu_temp_critical_c: hot, gpu_memory_percent } = host.thresholds
  const base = { key: gpu.uuid, subject: words, host: host.name, forReadings: forReadings(host) }
  const { memory_total_mb: total } = gpu
  // What sleeps, or is not there, is neither hot nor in use; its figures are unknown all the same.
  const away = read && (gpu.state === 'asleep' || gpu.state === 'missing')
  // One that was not asked for neither begins nor ends anything.
  const temperature = read ? gpu.temperature_c : null
  const used = read ? gpu.memory_used_mb : null
  const heat = () => {
    if (temperature === null) return `The heat of ${of()} is unknown.`
    const slowed = gpu.throttled?.includes('heat') ? ' It has slowed itself down.' : ''
    return `${of()} is at ${Math.round(temperature)} °C.${slowed}`
  }
  return [
    {
      ...base,
      rule: 'gpu_temp_critical',
      severity: 'critical',
      value: away ? 0 : temperature,
      raise: hot,
      clear: hot - coolerC,
      message: heat,
    },
    {
      ...base,
      rule: 'gpu_temp_warning',
      severity: 'warning',
      // One heat is one alert.
      givesWayTo: 'gpu_temp_critical',
      value: away ? 0 : temperature,
      raise: warm,
      clear: warm - coolerC,
      message: heat,
    },
    {
      ...base,
      rule: 'gpu_memory_high',
      severity: 'warning',
      value: away
        ? 0
        : used === null || total === null || total === 0
          ? null
          : Math.round((1000 * used) / total) / 10,
      raise: gpu_memory_percent,
      clear: gpu_memory_percent - slackPercent,
      message: () =>
        used === null || total === null || total === 0
          ? `The memory of ${of()} is unknown.`
          : `The memory of ${of()} is ${percent((100 * used) / total)} used (${gigabytes(used)} of ${gigabytes(total)}).`,
    },
    {
      ...base,
      rule: 'gpu_lost',
      severity: 'critical',
      value: !read ? null : gpu.state === 'lost' || gpu.state === 'missing' ? 1 : 0,
      raise: 1,
      clear: 1,
      message: () => `${of()} (${gpu.name}) cannot be read. ${gpu.unreadable ?? ''}`.trim(),
    },
  ]
}
