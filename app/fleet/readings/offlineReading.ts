import type { Reading } from '#app/alert/Reading.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory } from '../HostMemory.ts'
import { duration } from '../amount.ts'

/** How many polls in a row did not reach the host. They are counted already, so one reading is enough. */
export function offlineReading(memory: HostMemory, host: FleetHost, now: number): Reading {
  const { failures, lastSeen, detail } = memory
  return {
    rule: 'host_offline',
    severity: 'critical',
    key: '',
    subject: host.name,
    host: host.name,
    value: failures,
    raise: host.thresholds.offline_polls,
    clear: 1,
    forReadings: 1,
    message() {
      if (failures === 0) return `${host.name} answers.`
      const seen =
        lastSeen === null ? 'It never answered.' : `It last answered ${duration(now - lastSeen)} ago.`
      return `${host.name} is offline. ${seen} ${detail ?? ''}`.trim()
    },
  }
}
