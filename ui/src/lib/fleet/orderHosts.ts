import type { Alert, Host } from '#app/schema/fleet.ts'
import { isAcknowledged } from './alertFolds.ts'
import type { Trouble, TroubleLevel } from './troublesOf.ts'

export type Sort = 'trouble' | 'name'

export interface RankedHost {
  host: Host
  troubles: Trouble[]
  rank: number
}

const ranks: Record<TroubleLevel, number> = { crit: 0, gone: 1, warn: 2, note: 3 }
/** An offline host that somebody has acknowledged is known, and comes last. */
const knownRank = 5
const calmRank = 4

// Made once: to make one for each comparison took longer than all else of an update.
const collator = new Intl.Collator('en', { numeric: true })

/** Names as people count: gpu2 before gpu10. */
export function byName(a: string, b: string): number {
  return collator.compare(a, b)
}

export function rankHost(host: Host, troubles: Trouble[], alerts: Alert[], now: number): RankedHost {
  const worst = troubles[0]?.level
  const known =
    worst === 'gone' &&
    alerts.some((one) => one.host === host.name && one.type === 'host_offline' && isAcknowledged(one, now))
  return { host, troubles, rank: worst === undefined ? calmRank : known ? knownRank : ranks[worst] }
}

export function orderHosts(hosts: RankedHost[], sort: Sort): RankedHost[] {
  return hosts.toSorted(
    (a, b) => (sort === 'trouble' ? a.rank - b.rank : 0) || byName(a.host.name, b.host.name),
  )
}

/**
 * The wanted order, but for those that are shown already: they stay where they are while somebody reads them. What is
 * new comes last.
 */
export function keepOrder(shown: string[], wanted: string[]): string[] {
  const here = new Set(wanted)
  const known = new Set(shown)
  return [...shown.filter((name) => here.has(name)), ...wanted.filter((name) => !known.has(name))]
}

const settledMs = 4_000
const leftMs = 30_000
/** Nobody looks at what was left open so long ago. */
const forgottenMs = 600_000
const topPx = 120

export interface Reading {
  /** When the screen was touched last, in ms since 1970. */
  touchedAt: number
  scrolledPx: number
  /** Something is unfolded, or has the focus. */
  held: boolean
}

/**
 * Whether what is drawn may change places: at the top when nothing was touched for a moment, and anywhere when nobody
 * has touched anything for long. Never under a finger, nor while something is open or has the focus.
 */
export function mayMove({ touchedAt, scrolledPx, held }: Reading, now: number): boolean {
  const idle = now - touchedAt
  if (held) return idle >= forgottenMs
  return idle >= leftMs || (scrolledPx < topPx && idle >= settledMs)
}
