import type { FleetHost } from './FleetHost.ts'
import { remoteCommand, type Attached } from './attachCommand.ts'

/** For terminals that open `ssh:` links; null where there is no way by SSH. */
export function attachUrl(session: Attached, host: FleetHost): string | null {
  if (host.destination === null) return null
  const at = host.address.includes(':') ? `[${host.address}]` : host.address
  const port = host.destination.port === 22 ? '' : `:${host.destination.port}`
  return `ssh://${encode(session.user)}@${at}${port}?command=${encode(remoteCommand(session))}`
}

/** Also the marks that encodeURIComponent leaves and a shell or a linkifier would not. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
