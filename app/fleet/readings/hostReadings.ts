import type { Reading } from '#app/alert/Reading.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory } from '../HostMemory.ts'
import { gigabytes, percent } from '../amount.ts'

/** A figure in percent must fall so far below its threshold to count as right again. */
export const slackPercent = 5

/** One sample alone never makes an alert. */
export function forReadings({ thresholds }: FleetHost): number {
  return Math.max(2, thresholds.for_polls)
}

/** A host that answered: its sections, CPU, memory, disks. */
export function hostReadings(memory: HostMemory, host: FleetHost): Reading[] {
  const { thresholds, name } = host
  const base = {
    severity: 'warning',
    key: '',
    subject: name,
    host: name,
    forReadings: forReadings(host),
  } as const
  const { cpuPercent, memoryPercent, memoryUsedMb, memoryTotalMb } = memory
  const used = () =>
    memoryUsedMb === null || memoryTotalMb === null
      ? ''
      : ` (${gigabytes(memoryUsedMb)} of ${gigabytes(memoryTotalMb)})`
  return [
    {
      ...base,
      rule: 'host_degraded',
      value: memory.status === 'degraded' ? 1 : 0,
      raise: 1,
      clear: 1,
      message: () => `${name} answers only in part. ${memory.detail ?? ''}`.trim(),
    },
    {
      ...base,
      rule: 'host_cpu_high',
      value: cpuPercent,
      raise: thresholds.cpu_percent,
      clear: thresholds.cpu_percent - slackPercent,
      message: () => `The CPU of ${name} is ${inPercent(cpuPercent)} busy.`,
    },
    {
      ...base,
      rule: 'host_memory_high',
      value: memoryPercent,
      raise: thresholds.memory_percent,
      clear: thresholds.memory_percent - slackPercent,
      message: () => `The memory of ${name} is ${inPercent(memoryPercent)} used${used()}.`,
    },
    ...memory.disks.map((disk): Reading => ({
      ...base,
      rule: 'disk_full',
      key: disk.mount,
      subject: disk.mount,
      // One that was not asked neither begins nor ends anything.
      value: disk.unread ? null : disk.used_percent,
      raise: thresholds.disk_percent,
      // A disk is cleared by hand, and every point counts.
      clear: thresholds.disk_percent - 1,
      message: () =>
        `The disk ${disk.mount} of ${name} is ${percent(disk.used_percent)} full (of ${gigabytes(disk.total_mb)}).`,
    })),
  ]
}

export function inPercent(value: number | null): string {
  return value === null ? 'unknown' : percent(value)
}
