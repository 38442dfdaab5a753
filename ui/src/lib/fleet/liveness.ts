import type { Host } from '#app/schema/fleet.ts'

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
  return old > intervals * host.interval_s * 1000 + slackMs ? 'stale' : 'live'
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
