import { createFleetApi } from '#ui/api/fleetApi.ts'
import type { RequestHooks } from '#ui/api/request.ts'
import type { Board } from '#ui/state/Board.svelte.ts'
import type { Clock } from '#ui/state/Clock.svelte.ts'
import { Alerts } from './Alerts.svelte.ts'

/** The alerts, as the board tells of them. */
export function followAlerts(board: Board, hooks: RequestHooks, clock: Clock): Alerts {
  const alerts = new Alerts(createFleetApi(hooks), () => clock.now)
  board.listen({
    onCaughtUp: () => void alerts.load(),
    onEvent: (kind, data) => {
      if (kind.startsWith('alert_')) alerts.take(kind, data)
    },
  })
  return alerts
}
