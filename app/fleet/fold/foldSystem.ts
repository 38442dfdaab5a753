import type { Disk } from '#app/schema/fleet.ts'
import type { HostMemory } from '../HostMemory.ts'
import type { Poll } from '../poll/Poll.ts'
import type { Readings } from './readSections.ts'
import type { HostReading } from '../probe/readHostSection.ts'

/** A clock's second and what a poll takes make no new offset. */
const wobbleMs = 3000
/** Uptime runs on within a boot; by so much it may be read earlier than before, in a container. */
const uptimeSlackS = 5

/** Into `memory`: system, memory, disks, boot, clock, and the counters of the CPU. */
export function foldSystem(memory: HostMemory, readings: Readings, poll: Poll): void {
  if (readings.memory) {
    memory.memoryPercent = readings.memory.percent
    memory.memoryUsedMb = readings.memory.usedMb
    memory.memoryTotalMb = readings.memory.totalMb
  }
  if (readings.disks) memory.disks = foldDisks(memory.disks, readings.disks, readings.failures.has('disks'))
  const { host } = readings
  if (!host) return
  memory.os = host.os ?? memory.os
  memory.kernel = host.kernel ?? memory.kernel
  memory.cpuCount = host.cpus
  memory.load = host.load
  memory.scope = host.scope ?? memory.scope
  memory.account = host.account ?? memory.account
  const boot = compareBoots(memory, host)
  const same = boot === 'same'
  if (boot === 'rebooted') memory.rebootedAt = poll.endedAt
  memory.uptimeS = host.uptimeS
  if (host.uptimeS !== null) {
    const bootedAt = poll.endedAt - host.uptimeS * 1000
    // It stays as it was told first: readings differ by what a poll takes.
    if (!same || memory.bootedAt === null || Math.abs(bootedAt - memory.bootedAt) > 60_000)
      memory.bootedAt = bootedAt
  } else if (boot === 'rebooted') memory.bootedAt = null
  if (host.clockS !== null) memory.clockOffsetMs = offset(memory.clockOffsetMs, host.clockS, poll)
  const before = memory.counters.stat
  memory.cpuPercent = same && before && host.stat ? cpuPercent(before, host.stat, memory.cpuPercent) : null
  memory.counters = {
    bootId: host.bootId ?? (boot === 'rebooted' ? null : memory.counters.bootId),
    uptimeS: host.uptimeS,
    stat: host.stat,
    // Ticks of another boot are other processes'.
    procsAtS: same ? memory.counters.procsAtS : null,
    ticks: same ? memory.counters.ticks : [],
  }
}

/** Where one of several disks could not be asked, those that are not listed may be there all the same. */
function foldDisks(before: Disk[], read: Disk[], failed: boolean): Disk[] {
  if (!failed) return read
  const listed = new Set(read.map(({ mount }) => mount))
  const kept = before.filter(({ mount }) => !listed.has(mount))
  return [...read, ...kept.map((disk) => ({ ...disk, unread: true }) as const)]
}

/** Whether its counters go on from those before; a container that began again has the boot id of its host. */
function compareBoots(
  { counters }: HostMemory,
  { bootId, uptimeS }: HostReading,
): 'same' | 'rebooted' | 'unknown' {
  if (counters.bootId !== null && bootId !== null && counters.bootId !== bootId) return 'rebooted'
  if (counters.uptimeS !== null && uptimeS !== null) {
    return uptimeS >= counters.uptimeS - uptimeSlackS ? 'same' : 'rebooted'
  }
  return counters.bootId !== null && bootId !== null ? 'same' : 'unknown'
}

/**
 * How busy all cores were between two readings, idle being idle and iowait. Counters that went back (iowait does,
 * and so do those of CPUs that went offline) count as still. Null when too little time passed to say.
 */
export function cpuPercent(
  before: readonly number[],
  after: readonly number[],
  last: number | null,
): number | null {
  let total = 0
  let idle = 0
  for (let at = 0; at < Math.min(before.length, after.length); at++) {
    const delta = Math.max(0, (after[at] ?? 0) - (before[at] ?? 0))
    total += delta
    if (at === 3 || at === 4) idle += delta
  }
  if (total === 0) return null
  // A tenth of a second of one core: two polls that nearly met. What was known still holds.
  if (total < 10 && last !== null) return last
  return Math.round((1000 * (total - idle)) / total) / 10
}

/** The far clock was read near the beginning, in whole seconds; what is within the poll's own length is no offset. */
function offset(before: number | null, clockS: number, poll: Poll): number {
  const earliest = clockS * 1000 - poll.endedAt
  const latest = clockS * 1000 + 999 - poll.startedAt
  const found = earliest > 0 ? earliest : latest < 0 ? latest : 0
  return before !== null && Math.abs(found - before) <= wobbleMs ? before : Math.round(found)
}
