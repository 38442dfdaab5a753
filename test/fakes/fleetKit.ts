import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FleetService, type FleetServiceOptions } from '#app/fleet/FleetService.ts'
import type { HostMemory } from '#app/fleet/HostMemory.ts'
import { openStore, type Store } from '#app/history/openStore.ts'
import { SoloShares } from '#app/lease/SoloShares.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import { SshPool, type SshPoolOptions } from '#app/ssh/SshPool.ts'

export interface FleetKit {
  fleet: FleetService
  store: Store
  /** How often each host was polled to the end. */
  polls(name: string): number
  memory(name: string): HostMemory | undefined
  /** What it logged, as `level text`. */
  lines: string[]
  stop(): Promise<void>
}

export interface FleetKitOptions extends Partial<FleetServiceOptions> {
  dataDir?: string
  ssh?: SshPoolOptions
}

const nowhere: Runner = {
  exec: async () => ({ exitCode: 127, stdout: '', stderr: '', truncated: false, durationMs: 0 }),
}

/** The fleet of one process, with an embedded store in a folder of its own. */
export async function startFleet({ dataDir, ssh, ...more }: FleetKitOptions = {}): Promise<FleetKit> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'fleet-'))
  const lines: string[] = []
  const say = (level: string) => (_: unknown, text?: string) =>
    void lines.push(`${level} ${text ?? String(_)}`)
  const logger = {
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  } as FleetServiceOptions['logger']
  const store = await openStore({ dataDir: folder, logger, everyMs: 50 })
  const pool = new SshPool(ssh)
  const polled = new Map<string, { times: number; memory: HostMemory }>()
  const fleet = new FleetService({
    ...{ pool, localProbe: nowhere, logger, shares: new SoloShares() },
    ...{ documents: store.documents, history: store.history },
    ...more,
    onPoll(host, after, before) {
      polled.set(host.name, { times: (polled.get(host.name)?.times ?? 0) + 1, memory: after })
      more.onPoll?.(host, after, before)
    },
  })
  fleet.start()
  return {
    ...{ fleet, store, lines },
    polls: (name) => polled.get(name)?.times ?? 0,
    memory: (name) => polled.get(name)?.memory,
    async stop() {
      await fleet.close()
      await store.close()
      pool.close()
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
