import type { Host } from '#app/schema/fleet.ts'
import { shortAge } from './figures.ts'

/** When the hosts that answer were read: "Read 4s ago", "Read 4s to 38s ago"; null when none of them was. */
export function readWords(hosts: Host[], now: number): string | null {
  const ages = hosts
    .filter(({ status }) => status !== 'offline')
    .flatMap(({ polled_at }) => (polled_at === null ? [] : [now - Date.parse(polled_at)]))
  if (ages.length === 0) return null
  const [newest, oldest] = [Math.min(...ages), Math.max(...ages)].map(shortAge)
  return newest === oldest ? `Read ${newest} ago` : `Read ${newest} to ${oldest} ago`
}
