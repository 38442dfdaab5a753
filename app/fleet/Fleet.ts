import type { Host } from '#app/schema/fleet.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import type { FleetHost } from './FleetHost.ts'
import type { HostMemory } from './HostMemory.ts'

/** The fleet as routes and tools see it, whichever replica polls a host. */
export interface Fleet {
  /** As last known, in the order of the configuration; `names`: only these, unknown ones left out. */
  hosts(names?: string[]): Promise<Host[]>
  /** Throws `not_found` for a host that is not configured. */
  host(name: string): Promise<Host>
  /** Somebody looks at these for the next 15 s: they are polled more often. Unknown names are passed over. */
  watch(names: string[]): void
  /** Polls it as soon as can be, also one that rests after failures. */
  refresh(name: string): void
  /** Runs the probe's `kill` with these digits on its stdin; never throws for a far side's failure. */
  kill(name: string, digits: string, signal?: AbortSignal): Promise<ExecResult>
}

/** Called after every poll, on the replica that made it. Must not throw. */
export type OnPoll = (host: FleetHost, after: HostMemory, before: HostMemory | null) => void
