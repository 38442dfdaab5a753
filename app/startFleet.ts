import type { AlertBook } from '#app/alert/AlertBook.ts'
import type { Audit } from '#app/audit/record.ts'
import type { Settings } from '#app/config/loadConfig.ts'
import { AppError } from '#app/errors.ts'
import type { Board } from '#app/eventlog/Board.ts'
import { fleetRoutes } from '#app/fleet/fleetRouter.ts'
import type { KillService } from '#app/fleet/kill/KillService.ts'
import { alertRoutes } from '#app/http/alertRouter.ts'
import type { Route } from '#app/http/Route.ts'
import type { Logger } from '#app/logger.ts'
import type { Alert, Host } from '#app/schema/fleet.ts'
import { fleetHosts } from './fleetHosts.ts'
import type { OpenFleet } from './openFleet.ts'

export interface FleetDeps {
  current: () => Settings
  replica: string
  board: Pick<Board, 'tell'>
  audit: Audit
  logger: Logger
  /** The script that reads this machine itself. */
  probe: string
  /** ms since 1970. */
  now?: () => number
}

export interface FleetPath {
  routes: Route[]
  /** For the agents' tool. */
  hosts: () => Promise<Host[]>
  alerts: () => Promise<Alert[]>
  /** Opens what it remembers and polls from now on; call it once this process can be reached. */
  begin: () => void
  /** Takes what `current` has now. */
  configure: () => void
  /** Hands its hosts over and writes what waits, if it can; never rejects, and never takes longer than `limitMs`. */
  stop: (limitMs: number) => Promise<void>
}

/**
 * The watch path, wired: hosts polled, alerts, history, kills. It costs the others nothing: it is loaded and opened
 * after the server answers, requests wait for that, and its faults are logged and go no further.
 */
export function startFleet(deps: FleetDeps): FleetPath {
  const { current, audit, logger } = deps
  const { promise: opened, resolve, reject } = Promise.withResolvers<OpenFleet>()
  // Whoever asks is told; that nobody asks is no reason to end the process.
  opened.catch(() => undefined)

  const open = async (): Promise<void> => {
    try {
      const { openFleet } = await import('./openFleet.ts')
      resolve(await openFleet(deps))
    } catch (err) {
      logger.error({ err }, 'the fleet is not watched: it could not be started')
      reject(
        new AppError('not_ready', 'The fleet is not watched: it could not be started, and the log says why.'),
      )
    }
  }
  const whenOpen = (use: (fleet: OpenFleet) => void): void => void opened.then(use).catch(() => undefined)
  const alerts: Pick<AlertBook, 'list' | 'ack' | 'unack'> = {
    list: async () => (await opened).alerts.list(),
    ack: async (...given) => (await opened).alerts.ack(...given),
    unack: async (...given) => (await opened).alerts.unack(...given),
  }
  const kill: Pick<KillService, 'token' | 'kill'> = {
    token: async (...given) => (await opened).kill.token(...given),
    kill: async (...given) => (await opened).kill.kill(...given),
  }
  return {
    routes: [
      ...fleetRoutes({
        fleet: {
          hosts: async (names) => (await opened).fleet.hosts(names),
          host: async (name) => (await opened).fleet.host(name),
          watch: (names) => whenOpen(({ fleet }) => fleet.watch(names)),
          refresh: (name) => whenOpen(({ fleet }) => fleet.refresh(name)),
        },
        history: { read: async (...given) => (await opened).history.read(...given) },
        ...{ kill, audit },
        summary: () => ({
          configured: Object.keys(current().config.fleet?.hosts ?? {}).length > 0,
          hosts: fleetHosts(current()).length,
          alerts_enabled: current().config.alerts?.enabled ?? true,
        }),
      }),
      ...alertRoutes({ alerts, audit }),
    ],
    hosts: async () => (await opened).fleet.hosts(),
    alerts: alerts.list,
    begin: () => void open(),
    configure: () => whenOpen((fleet) => fleet.configure()),
    async stop(limitMs) {
      reject(new AppError('draining', 'The server is stopping.'))
      const { promise: late, resolve: give } = Promise.withResolvers<void>()
      const timer = setTimeout(give, limitMs)
      const closed = opened
        .then((fleet) => fleet.close())
        .catch((err: unknown) => logger.debug({ err }, 'the fleet was not closed'))
      await Promise.race([closed, late])
      clearTimeout(timer)
    },
  }
}
