import type { Alert } from '#app/schema/fleet.ts'
import type { Line } from './toText.ts'
import { age, quote } from './words.ts'

/** One line for each alert, in the order given. */
export function describeAlerts(alerts: Alert[], now: number): Line[] {
  return alerts.map((alert) => {
    const { severity, type, host = '', subject, message, created, count } = alert
    const noted = alert.acknowledged ? `; ${quote(alert.by ?? '?', 40)} took note of it` : ''
    const since = `for ${age(Date.parse(created), now)}, found ${count} times`
    return {
      text: `${severity} ${type}${host && ` on ${host}`}: ${quote(message, 240)}; ${since}${noted}`,
      words: `${severity} ${type} ${host} ${subject} ${message}`,
    }
  })
}
