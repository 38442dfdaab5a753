import type { Observation } from '#app/alert/Reading.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory } from '../HostMemory.ts'
import { gpuReadings } from './gpuReadings.ts'
import { hostReadings } from './hostReadings.ts'
import { offlineReading } from './offlineReading.ts'
import { tmuxReadings } from './tmuxReadings.ts'
import { wasRead } from '../wasRead.ts'

/** Which sections each rule needs; where the newest poll did not read one, its alerts stay as they are. */
const needs: Record<string, string[]> = {
  host_degraded: [],
  host_cpu_high: ['host'],
  host_memory_high: ['memory'],
  disk_full: ['disks'],
  gpu_temp_warning: ['gpus'],
  gpu_temp_critical: ['gpus'],
  gpu_memory_high: ['gpus'],
  gpu_lost: ['gpus'],
  high_cpu: ['tmux', 'procs'],
  high_memory: ['tmux', 'procs'],
  legacy_session: ['tmux'],
  legacy_gpu_memory: ['tmux', 'procs', 'gpu_procs'],
}

/** What the newest poll says under every rule of hosts, GPUs and tmux sessions. */
export function toReadings(memory: HostMemory, host: FleetHost, now: number): Observation {
  const offline = offlineReading(memory, host, now)
  if (memory.status === 'offline') return { readings: [offline], unreadable: Object.keys(needs) }
  const unreadable = unreadableRules(memory)
  const readings = [
    offline,
    ...hostReadings(memory, host),
    ...gpuReadings(memory, host),
    ...tmuxReadings(memory, host),
  ]
  if (unreadable.length === 0) return { readings, unreadable }
  const unread = unreadable.filter((rule) => needs[rule]?.some((section) => isStale(memory, section)))
  return { readings: readings.filter(({ rule }) => !unread.includes(rule)), unreadable }
}

function unreadableRules(memory: HostMemory): string[] {
  // One that was not read has failed, and then the host is no more than degraded.
  if (memory.status === 'online') return []
  return Object.keys(needs).filter((rule) => needs[rule]?.some((section) => isUnread(memory, section)))
}

/** Whether subjects of the section may be missing because it was not read, or not all of it. */
function isUnread(memory: HostMemory, section: string): boolean {
  if (section === 'gpus') return ['gpu', 'amd', 'intel'].some((one) => isUnread(memory, one))
  if (section === 'disks' && memory.sections.disks?.ok === false) return true
  return section in memory.sections && !wasRead(memory, section)
}

/**
 * Whether what is known of the section is of an earlier poll. Not so of GPUs: each says itself whether it was read, so
 * that one vendor's failure hides nothing of the others'. A section that does not apply there is not unread.
 */
function isStale(memory: HostMemory, section: string): boolean {
  return section !== 'gpus' && section in memory.sections && !wasRead(memory, section)
}
