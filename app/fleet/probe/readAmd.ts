import type { GpuReading, GpusReading } from './GpuReading.ts'
import { busId } from './busId.ts'
import { firstAmount, firstFigure, firstText } from './jsonFigure.ts'
import { isRecord, readJson, recordsIn } from './readJson.ts'

const mib = 1_048_576

/**
 * The section `amd`: `rocm-smi --json` (a record by card, all values text) or `amd-smi metric --json` (a list, since
 * version 26 under `gpu_data`). Heat is that of the edge; where there is no such sensor, that of the hottest spot.
 */
export function readAmd(lines: readonly string[]): GpusReading {
  const reading: GpusReading = { gpus: [], lost: [], suspended: [], said: [], unread: 0, complete: true }
  for (const { value, text } of readJson(lines)) {
    if (value === undefined) {
      reading.unread++
      reading.said.push(text)
    } else if (isRecord(value) && !Array.isArray(value.gpu_data)) {
      for (const key in value) {
        const card = value[key]
        const number = /^card(\d{1,4})$/.exec(key)?.[1]
        if (number !== undefined && isRecord(card)) reading.gpus.push(ofRocmSmi(Number(number), card))
      }
    } else {
      for (const gpu of recordsIn(isRecord(value) ? value.gpu_data : value)) reading.gpus.push(ofAmdSmi(gpu))
    }
  }
  reading.complete = reading.unread === 0
  return reading
}

function ofRocmSmi(index: number, card: Record<string, unknown>): GpuReading {
  // In some versions a serial number follows.
  const place = firstText(card, 'PCI Bus', 'PCIe Bus')?.split(' ', 1)[0]
  const uniqueId = firstText(card, 'Unique ID')
  return {
    ...identity(
      index,
      uniqueId !== null && /^0x[0-9a-fA-F]+$/.test(uniqueId) ? uniqueId : null,
      place ?? null,
    ),
    name:
      firstText(card, 'Card Series', 'Card series', 'Device Name', 'Card Model', 'Card model') ?? 'AMD GPU',
    power_draw_watts: firstAmount(
      card,
      'Average Graphics Package Power (W)',
      'Current Socket Graphics Package Power (W)',
    ),
    power_limit_watts: firstAmount(card, 'Max Graphics Package Power (W)'),
    memory_used_mb: toMb(firstAmount(card, 'VRAM Total Used Memory (B)')),
    memory_total_mb: toMb(firstAmount(card, 'VRAM Total Memory (B)')),
    utilization_percent: firstAmount(card, 'GPU use (%)'),
    temperature_c: firstFigure(card, 'Temperature (Sensor edge) (C)', 'Temperature (Sensor junction) (C)'),
  }
}

function ofAmdSmi(gpu: Record<string, unknown>): GpuReading {
  const bus = isRecord(gpu.bus) ? gpu.bus : {}
  const asic = isRecord(gpu.asic) ? gpu.asic : {}
  return {
    ...identity(
      firstAmount(gpu, 'gpu'),
      firstText(gpu, 'uuid'),
      firstText(gpu, 'bdf') ?? firstText(bus, 'bdf'),
    ),
    name: firstText(asic, 'market_name') ?? 'AMD GPU',
    power_draw_watts: firstAmount(gpu.power, 'socket_power', 'current_socket_power', 'average_socket_power'),
    power_limit_watts:
      firstAmount(gpu.power, 'power_limit') ?? firstAmount(gpu.limit, 'socket_power', 'max_power'),
    memory_used_mb: firstAmount(gpu.mem_usage, 'used_vram'),
    memory_total_mb: firstAmount(gpu.mem_usage, 'total_vram'),
    utilization_percent: firstAmount(gpu.usage, 'gfx_activity'),
    temperature_c: firstFigure(gpu.temperature, 'edge', 'hotspot', 'mem'),
  }
}

function identity(index: number | null, id: string | null, place: string | null) {
  const bus = place !== null && /^[0-9a-fA-F:.]{7,16}$/.test(place) ? busId(place) : null
  const known = id !== null && /^[\w:.-]{1,80}$/.test(id) ? id : bus
  return {
    index: Number.isInteger(index) ? index : null,
    uuid: known ?? `amd-${index ?? 'x'}`,
    bus_id: bus,
    vendor: 'amd' as const,
    throttled: null,
    mig: null,
  }
}

function toMb(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes / (mib / 10)) / 10
}
