import type { Alert, Severity } from '#app/schema/fleet.ts'

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

export const ackSpans = ['For good', 'Until tomorrow', '8 hours', '1 hour'] as const
export type AckSpan = (typeof ackSpans)[number]

/** At this hour of the viewer's tomorrow it is shown again. */
const morning = 8

/** Until when; undefined: as long as it lasts. */
export function ackUntil(span: AckSpan, now: Date): string | undefined {
  if (span === 'For good') return undefined
  if (span !== 'Until tomorrow')
    return new Date(now.getTime() + Number.parseInt(span) * 3_600_000).toISOString()
  const tomorrow = new Date(now)
  tomorrow.setDate(tomorrow.getDate() + 1)
  tomorrow.setHours(morning, 0, 0, 0)
  return tomorrow.toISOString()
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
