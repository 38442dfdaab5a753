import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import type { Poll } from '#app/fleet/poll/Poll.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'

export const hourMs = 3_600_000
/** 2026-11-27 19:00 UTC, the `clock` of answers that say nothing else. */
export const evening = 1_795_806_000_000

export function aFleetHost(other: Partial<FleetHost> = {}): FleetHost {
  const key = { agent: '/nowhere' }
  return {
    ...{
      name: 'gpu1',
      address: 'gpu1.lab',
      groups: [],
      tags: [],
      hasGpu: 'auto',
      thresholds: defaultThresholds,
    },
    destination: { name: 'gpu1', host: 'gpu1.lab', port: 22, user: 'breakglass', hostKeys: [], key },
    ...{ legacyAfterMs: 72 * hourMs, intervalMs: 30_000, watchedIntervalMs: 5000 },
    ...other,
  }
}

/** A poll that took 200 ms and ended at `endedAt`. */
export function aPoll(result: ExecResult, endedAt = evening): Poll {
  return { startedAt: endedAt - 200, endedAt, result }
}
