import type { FleetHost } from './FleetHost.ts'
import type { HostMemory } from './HostMemory.ts'

/** Where a host's answers come from. */
export function placeOf({ destination }: FleetHost): string {
  return destination === null ? 'local' : `${destination.host}:${destination.port}`
}

/** What is remembered of a name, if it is of the machine that has this name now. */
export function memoryOf(memory: HostMemory | null, host: FleetHost): HostMemory | null {
  const other = memory?.place !== undefined && memory.place !== placeOf(host)
  return other ? null : memory
}
