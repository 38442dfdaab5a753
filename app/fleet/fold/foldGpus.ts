import type { Gpu } from '#app/schema/fleet.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { GpuMemory, HostMemory } from '../HostMemory.ts'
import type { Readings } from './readSections.ts'
import type { GpuReading, GpusReading } from '../probe/GpuReading.ts'

/** A GPU that is missing is told for so long. */
const missingMs = 7 * 86_400_000

const vendors: { vendor: Gpu['vendor']; section: 'gpu' | 'amd' | 'intel' }[] = [
  { vendor: 'nvidia', section: 'gpu' },
  { vendor: 'amd', section: 'amd' },
  { vendor: 'intel', section: 'intel' },
]

/**
 * Into `memory`: the GPUs, without their processes. One that was there is never dropped silently: it is lost, missing,
 * asleep, or, where the question itself failed, as it was.
 */
export function foldGpus(memory: HostMemory, readings: Readings, now: number, host: FleetHost): void {
  if (host.hasGpu === false) {
    memory.gpus = []
    memory.hasGpu = false
    return
  }
  const before = memory.gpus
  memory.gpus = vendors.flatMap(({ vendor, section }) => {
    const known = before.filter((gpu) => gpu.vendor === vendor)
    const reading = readings[section]
    if (reading) return foldVendor(known, reading, vendor, now)
    const gone = readings.whole && !readings.present.includes(section)
    if (gone) return foldMissing(known, now)
    return known.map((gpu) => ({ ...gpu, processes: null }))
  })
  if (memory.gpus.length > 0 || host.hasGpu === true) memory.hasGpu = true
  else if (readings.whole && !vendors.some(({ section }) => readings.present.includes(section)))
    memory.hasGpu = false
}

function foldVendor(
  before: GpuMemory[],
  { gpus, lost, suspended, complete }: GpusReading,
  vendor: Gpu['vendor'],
  now: number,
): GpuMemory[] {
  const after: GpuMemory[] = gpus.map((gpu) => {
    return { ...gpu, processes: null, state: 'answers', readAt: now }
  })
  for (const { busId, text } of lost) {
    after.push(
      unreadable(
        before,
        after,
        { busId, vendor, readAt: now },
        'lost',
        `It does not answer: ${text || 'no device handle'}`,
      ),
    )
  }
  for (const busId of suspended) {
    after.push(
      unreadable(
        before,
        after,
        { busId, vendor, readAt: now },
        'asleep',
        'It sleeps to save power; asking it would wake it.',
      ),
    )
  }
  const rest = before.filter((gpu) => !after.some((other) => replaces(other, gpu, before)))
  after.push(...(complete ? foldMissing(rest, now) : rest.map((gpu) => ({ ...gpu, processes: null }))))
  return after.sort(inOrder)
}

/** Whether the one is the other, or stands where it stood. What only changed places replaces nothing. */
function replaces(after: GpuMemory, before: GpuMemory, known: GpuMemory[]): boolean {
  if (after.uuid === before.uuid) return true
  if (after.bus_id === null || after.bus_id !== before.bus_id) return false
  return !known.some(({ uuid }) => uuid === after.uuid)
}

function unreadable(
  before: GpuMemory[],
  after: GpuMemory[],
  { busId, vendor, readAt }: { busId: string; vendor: Gpu['vendor']; readAt: number },
  state: Gpu['state'],
  why: string,
): GpuMemory {
  const known = before.find((gpu) => gpu.bus_id === busId && !after.some(({ uuid }) => uuid === gpu.uuid))
  return { ...withoutFigures(known ?? stub(busId, vendor), state, why), readAt }
}

function foldMissing(gpus: GpuMemory[], now: number): GpuMemory[] {
  return gpus
    .map((gpu) => ({
      ...withoutFigures(gpu, 'missing', 'It was there before and is not listed any more.'),
      missingSince: gpu.missingSince ?? now,
      readAt: now,
    }))
    .filter(({ missingSince }) => now - missingSince < missingMs)
}

function withoutFigures({ missingSince: _, ...gpu }: GpuMemory, state: Gpu['state'], why: string): GpuMemory {
  return { ...gpu, ...noFigures, state, unreadable: why }
}

const noFigures = {
  power_draw_watts: null,
  memory_used_mb: null,
  utilization_percent: null,
  temperature_c: null,
  throttled: null,
  processes: null,
} satisfies Partial<Gpu>

/** One that is only known by its place. */
function stub(busId: string, vendor: Gpu['vendor']): GpuMemory {
  const unknown: Omit<GpuReading, keyof typeof noFigures> = {
    ...{ index: null, uuid: busId, bus_id: busId, vendor, name: `GPU at ${busId}` },
    ...{ power_limit_watts: null, memory_total_mb: null, mig: null },
  }
  return { ...unknown, ...noFigures, state: 'lost', readAt: 0 }
}

function inOrder(one: GpuMemory, other: GpuMemory): number {
  return (
    (one.index ?? 1000) - (other.index ?? 1000) ||
    (one.bus_id ?? one.uuid).localeCompare(other.bus_id ?? other.uuid, 'en')
  )
}
