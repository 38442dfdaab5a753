import type { Reading } from '#app/alert/Reading.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory, TmuxMemory } from '../HostMemory.ts'
import { duration, gigabytes } from '../amount.ts'
import { gpuWords } from './gpuReadings.ts'
import { forReadings, inPercent, slackPercent } from './hostReadings.ts'
import { isLegacy } from '../isLegacy.ts'

const hourMs = 3_600_000

/** What each tmux session uses, and whether it was forgotten. */
export function tmuxReadings(memory: HostMemory, host: FleetHost): Reading[] {
  return memory.tmux.flatMap((session) => readingsOf(session, memory, host))
}

function readingsOf(session: TmuxMemory, memory: HostMemory, host: FleetHost): Reading[] {
  const { thresholds, legacyAfterMs } = host
  // One whose server could not be read neither begins nor ends anything.
  const read = session.readAt === memory.polledAt
  const words = () => `${session.name} (${session.user})`
  const base = {
    ...{ key: session.id, subject: session.name, host: host.name, tmux: session.id },
    forReadings: forReadings(host),
  }
  const { cpuPercent, memoryMb, gpuMemoryMb } = session
  const legacy = isLegacy(session, legacyAfterMs)
  const detachedMs = session.clients > 0 ? 0 : session.readAt - session.lastSeenAttached
  const readings: Reading[] = [
    {
      ...base,
      rule: 'high_cpu',
      severity: 'info',
      value: read ? cpuPercent : null,
      raise: thresholds.session_cpu_percent,
      clear: thresholds.session_cpu_percent - slackPercent,
      message: () => `${words()} keeps ${inPercent(cpuPercent)} of all cores of ${host.name} busy.`,
    },
    {
      ...base,
      rule: 'high_memory',
      severity: 'info',
      value: read ? memoryMb : null,
      raise: thresholds.session_memory_mb,
      clear: thresholds.session_memory_mb * 0.95,
      message: () =>
        `${words()} uses ${memoryMb === null ? 'unknown' : gigabytes(memoryMb)} of the memory of ${host.name}.`,
    },
    {
      ...base,
      rule: 'legacy_session',
      severity: 'info',
      value: read ? detachedMs / hourMs : null,
      raise: legacyAfterMs / hourMs,
      clear: legacyAfterMs / hourMs,
      message: () =>
        `${words()}: nobody was attached for ${duration(detachedMs)}. It was probably forgotten.`,
    },
  ]
  if (gpuMemoryMb !== null || memory.hasGpu === true) {
    readings.push({
      ...base,
      rule: 'legacy_gpu_memory',
      severity: 'warning',
      // Who is not legacy holds nothing of what this is about.
      value: !read ? null : legacy ? gpuMemoryMb : 0,
      raise: 1,
      clear: 1,
      message: () => `${words()}, detached for ${duration(detachedMs)}, holds ${heldWords(session, memory)}.`,
    })
  }
  return readings
}

/** "21.9 GB of GPU 0 and 3.0 GB of GPU 1". */
function heldWords({ gpus }: TmuxMemory, memory: HostMemory): string {
  const held = gpus.map(({ uuid, memoryMb }) => {
    const gpu = memory.gpus.find((one) => one.uuid === uuid)
    const amount = memoryMb === null ? 'memory' : gigabytes(memoryMb)
    return `${amount} of ${gpuWords(gpu ?? { index: null, bus_id: null, uuid })}`
  })
  if (held.length < 2) return held[0] ?? 'no GPU memory'
  return `${held.slice(0, -1).join(', ')} and ${held.at(-1)}`
}
