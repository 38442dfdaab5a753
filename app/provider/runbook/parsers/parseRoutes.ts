import { linesOf } from './linesOf.ts'

export interface RouteReading {
  /** Ways out of the machine's own networks: `192.0.2.1 on eth0`. */
  defaults: string[]
  /** All routes, the defaults among them. */
  routes: number
  nameservers: string[]
}

/** Reads `ip route`, `ip -6 route` and `/etc/resolv.conf`. */
export function parseRoutes(text: string): RouteReading {
  const reading: RouteReading = { defaults: [], routes: 0, nameservers: [] }
  for (const line of linesOf(text)) {
    const nameserver = /^nameserver\s+([0-9A-Fa-f.:]+(?:%\S+)?)/.exec(line)?.[1]
    if (nameserver !== undefined) reading.nameservers.push(nameserver)
    const via = /^default\b(?: via (\S+))?.*? dev (\S+)/.exec(line)
    if (via) reading.defaults.push(via[1] === undefined ? `${via[2]}` : `${via[1]} on ${via[2]}`)
    if (via || /^(?:(?:unreachable|blackhole) )?[0-9A-Fa-f.:]+(?:\/\d+)? .*\bdev \S+/.test(line))
      reading.routes++
  }
  return reading
}
