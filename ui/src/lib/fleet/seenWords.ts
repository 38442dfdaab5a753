import type { Host } from '#app/schema/fleet.ts'
import { shortAge } from './figures.ts'

const clockForm = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const dayForm = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })

/** The viewer's clock to the minute, with the day before it when that is not today. */
export function clockTime(date: Date, now: number): string {
  const time = clockForm.format(date)
  return date.toDateString() === new Date(now).toDateString() ? time : `${dayForm.format(date)}, ${time}`
}

/** At the right of a host's name: how long it is up and how old that is, or when it was last seen. */
export function seenWords(host: Host, stale: boolean, now: number): string {
  if (!stale) {
    const read = host.polled_at === null ? '' : `${shortAge(now - Date.parse(host.polled_at))} ago`
    return host.uptime_s === null ? read : `up ${shortAge(host.uptime_s * 1000)} · ${read}`
  }
  return host.last_seen === null ? '' : `last seen ${clockTime(new Date(host.last_seen), now)}`
}
