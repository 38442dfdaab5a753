import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { loadConfig } from '#app/config/loadConfig.ts'
import type { BoardEvent } from '#app/eventlog/Board.ts'
import { createLogger } from '#app/logger.ts'
import type { TmuxSession } from '#app/schema/fleet.ts'
import { openFleet } from '../../app/openFleet.ts'
import type { FleetRoot } from './fleetRoot.ts'
import { until } from './breakglass.ts'

const probe = resolve(import.meta.dirname, '../../app/fleet/host/breakglass-probe')

/** The watch path over throw-away hosts, as the server wires it; a restart keeps its data, and its clock can be moved. */
export async function watchedFleet(hosts: { host: FleetRoot; keyFile: string }[], yaml = '') {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-fleet-'))
  const entries = hosts.map(
    ({ host, keyFile }) =>
      `${host.name}: ${JSON.stringify({ host: host.address, port: host.port, key_file: keyFile, host_keys: host.hostKeys })}`,
  )
  await writeFile(join(folder, 'b.yaml'), `fleet: {${yaml} hosts: {${entries.join(', ')}}}\n`)
  const settings = loadConfig({ env: { BREAKGLASS_CONFIG: 'b.yaml', BREAKGLASS_DATA: 'data' }, cwd: folder })
  const logger = await createLogger({
    destination: new Writable({ write: (_piece, _encoding, done) => done() }),
  })
  const told: BoardEvent[] = []
  const clock = { aheadMs: 0 }
  const begin = () =>
    openFleet({
      current: () => settings,
      replica: 'one',
      board: {
        tell: (_name, read) =>
          void read().then(
            (events) => told.push(...events),
            () => undefined,
          ),
      },
      ...{ logger, probe, now: () => Date.now() + clock.aheadMs },
    })
  const self = {
    ...{ told, clock },
    open: await begin(),
    /** The tmux session of that name, as soon as a poll has it so. */
    async session(name: string, is: (one: TmuxSession) => boolean = () => true) {
      return until(`a poll that sees ${name}`, async () => {
        const all = await self.look()
        return all.find((one) => one.name === name && is(one))
      })
    },
    /** Has all hosts polled, and tells their tmux sessions as of now. */
    async look() {
      const known = await self.open.fleet.hosts()
      for (const { name } of known) self.open.fleet.refresh(name)
      return known.flatMap(({ tmux }) => tmux)
    },
    /** Waits for a poll that began from now on. */
    async polled(name: string) {
      const since = new Date(Date.now() + clock.aheadMs).toISOString()
      return until(`a poll of ${name}`, async () => {
        self.open.fleet.refresh(name)
        const host = await self.open.fleet.host(name)
        return host.polled_at !== null && host.polled_at > since && host
      })
    },
    async restart() {
      await self.open.close()
      self.open = await begin()
    },
    async stop() {
      await self.open.close()
      await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 200 })
    },
  }
  return self
}
