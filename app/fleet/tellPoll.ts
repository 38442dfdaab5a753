import type { Logger } from 'pino'
import type { Observation } from '#app/alert/Reading.ts'
import type { Board } from '#app/eventlog/Board.ts'
import type { Host } from '#app/schema/fleet.ts'
import type { OnPoll } from './Fleet.ts'
import { isNews, type Shown } from './isNews.ts'
import { toReadings } from './toReadings.ts'

export interface TellPollDeps {
  board: Pick<Board, 'tell'>
  /** The host as it is when the board is written. */
  hostNow: (name: string) => Promise<Host>
  observe: (name: string, observation: Observation) => void
  logger: Pick<Logger, 'error'>
  /** ms since 1970. */
  now?: () => number
}

/** What follows from a poll: the board is told of news, and alerts see what was read. */
export function tellPoll({ board, hostNow, observe, logger, now = Date.now }: TellPollDeps): OnPoll {
  /** What was known when it was told last. */
  const last = new Map<string, Shown>()
  return (host, after, before) => {
    try {
      const { name } = host
      const then = last.get(name) ?? (before && { memory: before, host })
      const next = { memory: after, host }
      last.set(name, next)
      if (isNews(then, next))
        board.tell(`host:${name}`, async () => [{ kind: 'hosts_update', data: [await hostNow(name)] }])
      observe(name, toReadings(after, host, now()))
    } catch (err) {
      logger.error({ err, host: host.name }, 'what a poll told was not passed on')
    }
  }
}
