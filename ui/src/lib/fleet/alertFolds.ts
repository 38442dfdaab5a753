import type { Alert, Severity } from '#app/schema/fleet.ts'
import type { Alerts } from './Alerts.svelte.ts'
import { clockTime } from './liveness.ts'

const severities: Severity[] = ['critical', 'warning', 'info']

/** The list after an event of the board, or the same list where it is none of alerts. */
export function alertsWith(list: Alert[], kind: string, data: unknown): Alert[] {
  // The contract types the data of an event by its kind.
  const { id } = data as { id: string }
  if (kind === 'alert_cleared') return list.filter((one) => one.id !== id)
  if (kind !== 'alert_new' && kind !== 'alert_changed') return list
  return [...list.filter((one) => one.id !== id), data as Alert]
}

/** The worst first, the newest of them first. */
export function inOrder(alerts: Alert[]): Alert[] {
  return alerts.toSorted(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.created.localeCompare(a.created),
  )
}

/** An acknowledgement that has run out is none. */
export function isAcknowledged(alert: Alert, now: number): boolean {
  return alert.acknowledged && (alert.until === undefined || Date.parse(alert.until) > now)
}

/** At this hour of the viewer's day it is shown again. */
const morning = 8
const hourMs = 3_600_000

export interface AckChoice {
  label: string
  /** Without a time it is for as long as the alert lasts; when it is raised anew it is told anew. */
  until?: string
}

/** For how long an alert may be acknowledged, the shortest first. `now` by the server's clock, which judges it. */
export function ackChoices(now: Date): AckChoice[] {
  const next = new Date(now)
  next.setHours(morning, 0, 0, 0)
  const today = next > now
  if (!today) next.setDate(next.getDate() + 1)
  const later = (hours: number): string => new Date(now.getTime() + hours * hourMs).toISOString()
  return [
    { label: '1 hour', until: later(1) },
    { label: '8 hours', until: later(8) },
    { label: `Until ${today ? '' : 'tomorrow '}0${morning}:00`, until: next.toISOString() },
    { label: 'Until it ends' },
  ]
}

/** Why there may be others than are shown, or none at all, in a sentence; null while they are known. */
export function whyUnknown(
  alerts: Pick<Alerts, 'failure' | 'at'> | null,
  enabled: boolean,
  cut: boolean,
  now: number,
): string | null {
  if (!enabled) return 'Alerts are switched off in the configuration.'
  // Without a connection the whole screen says so.
  const failure = alerts?.failure ?? null
  if (cut || alerts === null || failure === null) return null
  const known = alerts.at === null ? '' : ` Last known ${clockTime(new Date(alerts.at), now)}.`
  return `Alerts could not be read. ${failure}${known}`
}

/** "1 critical, 2 warnings". */
export function countSeverities(alerts: Alert[]): string {
  const count = (severity: Severity): number => alerts.filter((one) => one.severity === severity).length
  const warnings = count('warning')
  return [
    [count('critical'), 'critical'],
    [warnings, warnings === 1 ? 'warning' : 'warnings'],
    [count('info'), 'to know'],
  ]
    .flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`]))
    .join(', ')
}
