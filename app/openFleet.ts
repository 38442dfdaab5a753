import { AlertBook } from '#app/alert/AlertBook.ts'
import { fleetKeepaliveMs, FleetService } from '#app/fleet/FleetService.ts'
import { KillService } from '#app/fleet/KillService.ts'
import { localProbe } from '#app/fleet/localProbe.ts'
import { tellPoll } from '#app/fleet/tellPoll.ts'
import type { History } from '#app/history/HistoryStore.ts'
import { openStore } from '#app/history/openStore.ts'
import { openShares } from '#app/lease/openShares.ts'
import { openTickets } from '#app/lease/openTickets.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { fleetHosts } from './fleetHosts.ts'
import type { FleetDeps } from './startFleet.ts'

export interface OpenFleet {
  fleet: FleetService
  alerts: AlertBook
  history: History
  kill: KillService
  configure: () => void
  close: () => Promise<void>
}

const hostScope = 'host:'

/** Opens the store and the leases, and begins to poll. */
export async function openFleet(deps: Omit<FleetDeps, 'audit'>): Promise<OpenFleet> {
  const { current, replica, board, logger, probe, now = Date.now } = deps
  const { redisUrl, dataDir, config } = current()
  const lengths = config.fleet?.history
  const store = await openStore({ redisUrl, dataDir, logger, ...(lengths && { lengths }) })
  const tickets = await openTickets({ redisUrl })
  const shares = await openShares({ redisUrl, replica, what: 'fleet' })
  const connectS = config.fleet?.connect_timeout_s
  const pool = new SshPool({
    ...{ logger, keepaliveMs: fleetKeepaliveMs },
    ...(connectS !== undefined && { connectTimeoutMs: connectS * 1000 }),
  })
  let names = new Set<string>()
  const alerts = new AlertBook({
    ...{ documents: store.documents, board, logger, now, shared: redisUrl !== undefined },
    enabled: () => current().config.alerts?.enabled ?? true,
    isKnown: (scope) => scope.startsWith(hostScope) && names.has(scope.slice(hostScope.length)),
  })
  const onPoll = tellPoll({
    board,
    hostNow: (name) => fleet.host(name),
    observe: (name, observation) => void alerts.observe(hostScope + name, observation),
    ...{ logger, now },
  })
  const fleet: FleetService = new FleetService({
    ...{ pool, shares, onPoll, logger, localProbe: localProbe(probe) },
    ...{ now, documents: store.documents, history: store.history },
  })
  const configure = (): void => {
    const hosts = fleetHosts(current())
    names = new Set(hosts.map(({ name }) => name))
    fleet.configure(hosts)
    void alerts.sweep()
  }
  configure()
  fleet.start()
  alerts.start()
  return {
    ...{ fleet, alerts, configure },
    history: store.history,
    kill: new KillService({ fleet, tickets, now }),
    async close() {
      alerts.close()
      await fleet.close()
      pool.close()
      await Promise.all([store.close(), tickets.close()])
    },
  }
}
