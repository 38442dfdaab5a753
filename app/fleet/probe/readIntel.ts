import type { GpuReading, GpusReading } from './GpuReading.ts'
import { busId } from './busId.ts'
import { firstAmount, firstText, jsonFigure } from './jsonFigure.ts'
import { isRecord, readJson, recordsIn } from './readJson.ts'

const mib = 1_048_576

/**
 * The section `intel`: `xpu-smi discovery -j` (which cards there are) and, for each card, `xpu-smi stats -d N -j`
 * (what they do), in any order. Memory used is in MiB there, its size in bytes.
 */
export function readIntel(lines: readonly string[]): GpusReading {
  const reading: GpusReading = { gpus: [], lost: [], suspended: [], said: [], unread: 0, complete: true }
  const stats = new Map<number, Map<string, number>>()
  for (const { value, text } of readJson(lines)) {
    if (!isRecord(value) || 'error' in value) {
      reading.unread++
      reading.said.push(isRecord(value) ? (firstText(value, 'error') ?? text) : text)
    } else if ('device_list' in value) {
      for (const device of recordsIn(value.device_list)) reading.gpus.push(ofDiscovery(device))
    } else {
      const id = firstAmount(value, 'device_id')
      if (id !== null) stats.set(id, ofStats(value))
    }
  }
  for (const gpu of reading.gpus) {
    const figures = gpu.index === null ? undefined : stats.get(gpu.index)
    if (!figures) continue
    gpu.power_draw_watts = figures.get('XPUM_STATS_POWER') ?? null
    gpu.utilization_percent = figures.get('XPUM_STATS_GPU_UTILIZATION') ?? null
    gpu.temperature_c = figures.get('XPUM_STATS_GPU_CORE_TEMPERATURE') ?? null
    gpu.memory_used_mb = figures.get('XPUM_STATS_MEMORY_USED') ?? null
  }
  reading.complete = reading.unread === 0
  return reading
}

function ofDiscovery(device: Record<string, unknown>): GpuReading {
  const id = firstAmount(device, 'device_id')
  const place = firstText(device, 'pci_bdf_address')
  const bus = place !== null && /^[0-9a-fA-F:.]{7,16}$/.test(place) ? busId(place) : null
  const size = firstAmount(device, 'memory_physical_size_byte')
  return {
    index: id !== null && Number.isInteger(id) ? id : null,
    // The uuid names the model alone in some versions: the place is what tells two cards apart.
    uuid: bus ?? `intel-${id ?? 'x'}`,
    bus_id: bus,
    vendor: 'intel',
    name: firstText(device, 'device_name') ?? 'Intel GPU',
    power_draw_watts: null,
    power_limit_watts: null,
    memory_used_mb: null,
    memory_total_mb: size === null || size === 0 ? null : Math.round(size / mib),
    utilization_percent: null,
    temperature_c: null,
    throttled: null,
    mig: null,
  }
}

/** Figures of the device; where it has only those of its tiles, memory and power are their sum, the rest the highest. */
function ofStats(value: Record<string, unknown>): Map<string, number> {
  const figures = figuresIn(value.device_level)
  const tiles = recordsIn(value.tile_level).map((tile) => figuresIn(tile.data_list))
  const device = new Set(figures.keys())
  for (const tile of tiles) {
    for (const [name, figure] of tile) {
      if (device.has(name)) continue
      const sum = name === 'XPUM_STATS_MEMORY_USED' || name === 'XPUM_STATS_POWER'
      const before = figures.get(name)
      figures.set(name, before === undefined ? figure : sum ? before + figure : Math.max(before, figure))
    }
  }
  return figures
}

function figuresIn(list: unknown): Map<string, number> {
  const figures = new Map<string, number>()
  for (const entry of recordsIn(list)) {
    const figure = jsonFigure(entry.value)
    if (typeof entry.metrics_type === 'string' && figure !== null && figure >= 0)
      figures.set(entry.metrics_type, figure)
  }
  return figures
}
