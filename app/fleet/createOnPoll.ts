import type { Logger } from 'pino'
import type { Observation } from '#app/alert/Reading.ts'
import type { Board } from '#app/eventlog/Board.ts'
import type { Host } from '#app/schema/fleet.ts'
import type { OnPoll } from './Fleet.ts'
import type { FleetHost } from './FleetHost.ts'
import type { HostMemory } from './HostMemory.ts'
import { isNews } from './isNews.ts'
import { toReadings } from './readings/toReadings.ts'

export interface OnPollDeps {
  board: Pick<Board, 'tell'>
  /** The host as it is when the board is written. */
  hostNow: (name: string) => Promise<Host>
  observe: (name: string, observation: Observation) => void
  logger: Pick<Logger, 'error'>
  /** ms since 1970. */
  now?: () => number
}

/** What toggles in between is told once. */
const leastBetweenMs = 2_000

/**
 * What follows from a poll: the board is told of news, of one host every two seconds at most, and alerts see what was
 * read.
 */
export function createOnPoll({ board, hostNow, observe, logger, now = Date.now }: OnPollDeps): OnPoll {
  /** By which settings it was shown. What another replica has told of a host meanwhile is not in here, and is compared with. */
  const shown = new WeakMap<HostMemory, FleetHost>()
  /** Hosts that were told just now; true: they have news again. */
  const resting = new Map<string, boolean>()

  const tell = (name: string): void => {
    if (resting.has(name)) return void resting.set(name, true)
    board.tell(`host:${name}`, async () => [{ kind: 'hosts_update', data: [await hostNow(name)] }])
    resting.set(name, false)
    setTimeout(() => {
      const again = resting.get(name)
      resting.delete(name)
      if (again) tell(name)
    }, leastBetweenMs).unref()
  }

  return (host, after, before) => {
    try {
      const { name } = host
      const then = before && { memory: before, host: shown.get(before) ?? host }
      shown.set(after, host)
      if (isNews(then, { memory: after, host })) tell(name)
      observe(name, toReadings(after, host, now()))
    } catch (err) {
      logger.error({ err, host: host.name }, 'what a poll told was not passed on')
    }
  }
}
