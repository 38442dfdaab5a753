import type { Gpu, Host } from '#app/schema/fleet.ts'
import { age } from '#ui/text/duration.ts'
import { shortAge } from './figures.ts'
import { usualTimes } from './FleetPolls.ts'

/** So many intervals without a poll, and what is shown is not live, whatever the host's status says. */
const intervals = 3
/** A poll may take this long, and its news some time to get here. */
const slackMs = 15_000
/** Clocks that differ by less need no correction. */
const sameClockMs = 5_000

/** How what is known of a host may be shown. `now` is the server's time. */
export type Liveness = 'live' | 'stale' | 'offline' | 'never'

export function livenessOf(host: Host, now: number): Liveness {
  if (host.polled_at === null || host.last_seen === null) return 'never'
  if (host.status === 'offline') return 'offline'
  const old = now - Date.parse(host.polled_at)
  // What was polled in the future was told by a clock that was set since: nobody knows how old it is.
  if (old < -slackMs) return 'stale'
  const { allMs } = usualTimes
  // What is out of sight is read as seldom as all of them are, however often it was polled while it was seen.
  const limit = Math.max(intervals * host.interval_s * 1000, allMs + host.interval_s * 1000)
  if (old <= limit + slackMs) return 'live'
  // One that fails is polled less often, and what it lacks is told with its age.
  const due = host.next_poll_at === undefined ? 0 : Date.parse(host.next_poll_at)
  return now > due + allMs + slackMs ? 'stale' : 'live'
}

/**
 * How far our clock is ahead of the server's, by hosts that it has just told: a section that was read in the newest
 * poll is as old as that poll. Null when none of them tells.
 */
export function clockAhead(hosts: Host[], receivedAt: number): number | null {
  const seen = hosts.flatMap((host) => {
    const ages = Object.values(host.sections).flatMap(({ ok, age_s }) =>
      ok && age_s !== null ? [age_s] : [],
    )
    if (host.polled_at === null || ages.length === 0) return []
    return [receivedAt - (Date.parse(host.polled_at) + Math.min(...ages) * 1000)]
  })
  if (seen.length === 0) return null
  const middle = seen.sort((a, b) => a - b)[Math.floor(seen.length / 2)] ?? 0
  return Math.abs(middle) < sameClockMs ? 0 : middle
}

/** A section that failed and told something all the same, in the newest poll: it is as old as those that went well. */
export function isPartial(host: Host, section: string): boolean {
  const known = host.sections[section]
  if (known === undefined || known.ok || known.age_s === null) return false
  const ages = Object.values(host.sections).flatMap(({ ok, age_s }) => (ok && age_s !== null ? [age_s] : []))
  return known.age_s <= Math.min(...ages) + 1 && ages.length > 0
}

/** How old what a section told is, in words, where its newest reading brought nothing; null while it can be read. */
export function sectionAge(host: Host, section: string): string | null {
  const known = host.sections[section]
  if (known === undefined || known.ok || isPartial(host, section)) return null
  return known.age_s === null ? 'never read' : `${age(known.age_s * 1000)} old`
}

const figuresOf: [section: string, words: string][] = [
  ['host', 'CPU and load'],
  ['memory', 'memory'],
  ['disks', 'disks'],
]

/** What of a host's own figures could not be read this time, and how old it is; '' when nothing. */
export function oldFigures(host: Host): string {
  const told = figuresOf.flatMap(([section, words]) => {
    const since = sectionAge(host, section)
    return since === null ? [] : `${words} ${since}`
  })
  return told.join(' · ')
}

const sectionOf: Record<Gpu['vendor'], string> = { nvidia: 'gpu', amd: 'amd', intel: 'intel' }

export function gpuAge(host: Host, gpu: Gpu): string | null {
  return sectionAge(host, sectionOf[gpu.vendor])
}

/** Whether a host's tmux sessions are shown as old. `cut`: our own line is down. */
export function tmuxIsStale(host: Host, now: number, cut: boolean): boolean {
  return cut || livenessOf(host, now) !== 'live' || sectionAge(host, 'tmux') !== null
}

/** Beside the host of a tmux session: how old what is known of it is. */
export function tmuxSeen(host: Host, now: number, cut: boolean): string {
  if (cut || livenessOf(host, now) !== 'live') return seenWords(host, true, now)
  return sectionAge(host, 'tmux') ?? readAgo(host, now)
}

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
    const read = readAgo(host, now)
    return host.uptime_s === null ? read : `up ${shortAge(host.uptime_s * 1000)} · ${read}`
  }
  return host.last_seen === null ? '' : `last seen ${clockTime(new Date(host.last_seen), now)}`
}

function readAgo({ polled_at }: Host, now: number): string {
  return polled_at === null ? '' : `${shortAge(now - Date.parse(polled_at))} ago`
}
