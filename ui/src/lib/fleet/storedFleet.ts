import type { Host } from '#app/schema/fleet.ts'
import { recallValue, rememberValue, type Remembered } from '#ui/state/storage.ts'

const name = 'fleet.2'
/** About a tenth of what a browser gives an origin. */
const most = 500_000

export interface StoredFleet {
  hosts: Host[]
  /** How many there were; what did not fit is not kept. */
  total: number
}

/** What was last known of the fleet, so that it can be read without a connection. */
export function recallFleet(): Remembered<StoredFleet> | null {
  return recallValue<StoredFleet>(name)
}

/** As many hosts as fit, the first ones; commands are left out: they may say more than is good to keep. */
export function rememberFleet(hosts: Host[], now: number): void {
  rememberValue(name, fitting(hosts, most), now)
}

export function fitting(hosts: Host[], limit: number): StoredFleet {
  const kept: Host[] = []
  let length = 0
  for (const host of hosts) {
    const lean = { ...host, gpus: host.gpus.map(withoutCommands) }
    length += JSON.stringify(lean).length
    if (length > limit) break
    kept.push(lean)
  }
  return { hosts: kept, total: hosts.length }
}

function withoutCommands(gpu: Host['gpus'][number]): Host['gpus'][number] {
  return {
    ...gpu,
    processes: gpu.processes?.map((process) => ({ ...process, command: null })) ?? null,
  }
}
