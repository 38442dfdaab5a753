import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost } from '#app/config/listenAddress.ts'

/** What a proxy adds. Behind one, a request from the network would look like one from this machine. */
const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/**
 * Whether the browser that sent this believes to speak with this machine by a name that can mean no other: a page
 * whose own name was pointed at 127.0.0.1 (DNS rebinding) still sends that name.
 */
export function isFromLoopback(headers: IncomingHttpHeaders): boolean {
  const host = /^(?:\[([0-9a-f:]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/i.exec(headers.host ?? '')
  const name = host?.[1] ?? host?.[2] ?? ''
  return isLoopbackHost(name) && proxyHeaders.every((one) => headers[one] === undefined)
}
