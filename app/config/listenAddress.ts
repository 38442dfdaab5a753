import { isIPv4, isIPv6 } from 'node:net'

export interface Address {
  host: string
  port: number
}

/** Reads `host:port`, `1.2.3.4:port` or `[v6]:port`; port 0 lets the system choose. Undefined if it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (!match) return undefined
  const [, v6, other, digits] = match
  const port = Number(digits)
  if (port > 65535) return undefined
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined
  if (other === undefined) return undefined
  const name = /^(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
  return isIPv4(other) || name.test(other) ? { host: other, port } : undefined
}

export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** Only what can name nothing but this machine: 127.0.0.0/8, ::1, localhost. */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
