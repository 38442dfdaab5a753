import type { Gpu, Host, Section, TmuxSession } from '#app/schema/fleet.ts'
import type { FleetHost } from './FleetHost.ts'
import type { GpuMemory, HostMemory, TmuxMemory } from './HostMemory.ts'
import { attachCommand } from './attachCommand.ts'
import { attachUrl } from './attachUrl.ts'
import { clockOffset } from './clockOffset.ts'
import { emptyMemory } from './emptyMemory.ts'
import { isoTime } from './isoTime.ts'
import { isLegacy } from './isLegacy.ts'
import { memoryOf } from './placeOf.ts'

const dayMs = 86_400_000

/** The host as the API tells it; also one that was never polled. `now` in ms since 1970. */
export function toHost(memory: HostMemory | null, host: FleetHost, now: number): Host {
  const known = memoryOf(memory, host) ?? emptyMemory(host.name)
  const { detail, failedLeg, nextPollAt, rebootedAt } = known
  const offsetMs = clockOffset(known)
  return {
    name: host.name,
    address: host.address,
    status: known.status,
    ...(detail !== undefined && { detail }),
    ...(failedLeg !== undefined && { failed_leg: failedLeg }),
    last_seen: isoOrNull(known.lastSeen),
    polled_at: isoOrNull(known.polledAt),
    interval_s: (known.intervalMs ?? host.intervalMs) / 1000,
    ...(nextPollAt !== undefined && nextPollAt > now && { next_poll_at: isoTime(nextPollAt) }),
    sections: toSections(known, now),
    local: host.destination === null,
    groups: host.groups,
    tags: host.tags,
    ...(host.target !== undefined && { target: host.target }),
    os: known.os,
    kernel: known.kernel,
    has_gpu: known.hasGpu,
    cpu_count: known.cpuCount,
    cpu_percent: known.cpuPercent,
    memory_percent: known.memoryPercent,
    memory_used_mb: known.memoryUsedMb,
    memory_total_mb: known.memoryTotalMb,
    load: known.load,
    uptime_s: known.uptimeS,
    booted_at: isoOrNull(known.bootedAt),
    ...(rebootedAt !== undefined && now - rebootedAt < dayMs && { rebooted_at: isoTime(rebootedAt) }),
    ...(offsetMs !== 0 && { clock_offset_s: Math.round(offsetMs / 1000) }),
    disks: known.disks,
    gpus: known.gpus.map(toGpu),
    tmux: known.tmux.map((session) => toTmux(session, known, host)),
    scope: known.scope,
  }
}

function toSections(memory: HostMemory, now: number): Record<string, Section> {
  const sections: Record<string, Section> = {}
  for (const name in memory.sections) {
    const section = memory.sections[name]
    if (!section) continue
    const { ok, readAt, error } = section
    const age = readAt === null ? null : Math.max(0, Math.round((now - readAt) / 1000))
    sections[name] = { ok, age_s: age, ...(error !== undefined && { error }) }
  }
  return sections
}

function toGpu({ readAt: _at, missingSince: _since, ...gpu }: GpuMemory): Gpu {
  return gpu
}

function toTmux(session: TmuxMemory, memory: HostMemory, host: FleetHost): TmuxSession {
  const attached = session.clients > 0
  return {
    id: session.id,
    host: host.name,
    user: session.user,
    name: session.name,
    created: isoTime(session.created),
    last_activity: isoTime(session.lastActivity),
    last_attached: isoOrNull(session.lastAttached),
    attached,
    clients: session.clients,
    ...(!attached && { detached_since: isoTime(session.lastSeenAttached) }),
    window_count: session.windowCount,
    status: isLegacy(session, host.legacyAfterMs) ? 'legacy' : 'active',
    pids: session.pids,
    ...(session.doubt !== undefined && { doubt: session.doubt }),
    cpu_percent: session.cpuPercent,
    memory_mb: session.memoryMb,
    gpu_memory_mb: session.gpuMemoryMb,
    gpus: session.gpus.map(({ uuid, memoryMb }) => ({
      uuid,
      index: memory.gpus.find((gpu) => gpu.uuid === uuid)?.index ?? null,
      memory_mb: memoryMb,
    })),
    attach_command: attachCommand(session, host),
    attach_url: attachUrl(session, host),
  }
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}
