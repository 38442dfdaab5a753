import { AlertBook } from '#app/alert/AlertBook.ts'
import { createOnPoll } from '#app/fleet/createOnPoll.ts'
import { fleetKeepaliveMs, FleetService } from '#app/fleet/FleetService.ts'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { KillService } from '#app/fleet/kill/KillService.ts'
import { localProbe } from '#app/fleet/poll/localProbe.ts'
import { withinBounds } from '#app/fleet/withinBounds.ts'
import type { History } from '#app/history/HistoryStore.ts'
import { openStore } from '#app/history/openStore.ts'
import { openShares } from '#app/lease/openShares.ts'
import { openTickets } from '#app/lease/openTickets.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { fleetHosts } from './fleetHosts.ts'
import { removeForgotten } from './removeForgotten.ts'
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
const forgetEveryMs = 3_600_000

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
  let hosts = new Map<string, FleetHost>()
  const hostOf = (scope: string): FleetHost | undefined =>
    scope.startsWith(hostScope) ? hosts.get(scope.slice(hostScope.length)) : undefined
  const alerts = new AlertBook({
    ...{ documents: store.documents, board, logger, now, shared: redisUrl !== undefined },
    enabled: () => current().config.alerts?.enabled ?? true,
    isKnown: (scope) => hostOf(scope) !== undefined,
    mayWrite: (scope) =>
      hostOf(scope)?.destination === null || shares.confirms(scope.slice(hostScope.length)),
  })
  const onPoll = createOnPoll({
    board,
    hostNow: async (name) => withinBounds(await fleet.host(name)),
    observe: (name, observation) => void alerts.observe(hostScope + name, observation),
    ...{ logger, now },
  })
  const fleet: FleetService = new FleetService({
    ...{ pool, shares, onPoll, logger, localProbe: localProbe(probe) },
    ...{ now, documents: store.documents, history: store.history },
    onLetGo: (name) => void alerts.letGo(hostScope + name),
  })
  const configure = (): void => {
    hosts = new Map(fleetHosts(current()).map((host) => [host.name, host]))
    fleet.configure([...hosts.values()])
    void alerts.sweep()
  }
  configure()
  fleet.start()
  alerts.start()
  const forget = (): void => {
    const isKnown = (name: string) => hosts.has(name)
    removeForgotten({
      ...{ documents: store.documents, isKnown, now: now() },
      scopeOf: (name) => hostScope + name,
    }).catch((err: unknown) => logger.debug({ err }, 'what is known of hosts that are no more stays for now'))
  }
  forget()
  const forgetting = setInterval(forget, forgetEveryMs).unref()
  return {
    ...{ fleet, alerts, configure },
    history: store.history,
    kill: new KillService({ fleet, tickets, now }),
    async close() {
      clearInterval(forgetting)
      await fleet.close(() => alerts.close())
      pool.close()
      await Promise.all([store.close(), tickets.close()])
    },
  }
}
