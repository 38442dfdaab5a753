import { fingerprint, keyType } from './hostKey.ts'
import type { HostKey } from './hostKey.ts'
import type { LegFailure } from './legFailure.ts'
import { address } from './SshDestination.ts'
import type { SshDestination } from './SshDestination.ts'

/** How far a connection had come. The handshake ends when the host key is verified. */
export type ConnectPhase = 'name' | 'tcp' | 'handshake' | 'auth'

export interface ConnectProblem {
  phase: ConnectPhase
  /** The first error, or none when the far side simply closed. */
  error?: Error & { code?: string | number | undefined }
  /** Set when the phase ran out of time. */
  afterMs?: number
  /** The host key that was presented and is not pinned. */
  foundKey?: Buffer
}

/** Says what stopped a connection: pure, from what was seen. A time-out belongs to the leg that it happened in. */
export function connectFailure(
  destination: SshDestination,
  pinned: HostKey[],
  keyLabel: string,
  problem: ConnectProblem,
): LegFailure {
  const at = address(destination)
  const { phase, error, afterMs, foundKey } = problem
  const within = afterMs === undefined ? '' : ` within ${(afterMs / 1000).toLocaleString('en')} s`
  const pins = pinned.map((key) => `${key.type} ${fingerprint(key.blob)}`).join(', ')

  if (phase === 'name') {
    const why = within ? `no answer${within}` : String(error?.code ?? error?.message ?? 'no answer')
    return {
      leg: 'name',
      failure: `The name ${destination.host} cannot be resolved (${why}): ${at} was not reached.`,
    }
  }
  if (phase === 'tcp') {
    const why = within ? `no answer${within}` : tcpReason(error)
    return { leg: 'tcp', failure: `No TCP connection to ${at}: ${why}.` }
  }
  if (foundKey) {
    const found = `${keyType(foundKey)} ${fingerprint(foundKey)}`
    return {
      leg: 'host_key',
      failure:
        `${at} presents the host key ${found}, but pinned is ${pins}. If the machine was rebuilt, compare the ` +
        `fingerprint on its console and pin the new key; otherwise this is another machine or someone in between.`,
    }
  }
  if (phase === 'handshake') {
    if (error?.message.includes('no matching host key format')) {
      return { leg: 'host_key', failure: `${at} offers no host key of a pinned type; pinned is ${pins}.` }
    }
    if (within)
      return {
        leg: 'tcp',
        failure: `${at} took the TCP connection but no SSH handshake came about${within}.`,
      }
    const why = error ? `: ${error.message}` : ''
    return {
      leg: 'tcp',
      failure: `${at} closed the connection during the SSH handshake${why}. It may be no SSH server, or a server that is full (MaxStartups) or penalises this address.`,
    }
  }
  if (within)
    return { leg: 'auth', failure: `${at} did not answer the authentication with ${keyLabel}${within}.` }
  if (error?.message.startsWith('All configured authentication')) {
    return {
      leg: 'auth',
      failure: `${at} refused ${keyLabel}: is its public key in the account's authorized_keys, and may this address use it?`,
    }
  }
  const why = error ? `: ${error.message}` : ''
  return { leg: 'auth', failure: `${at} ended the connection during authentication with ${keyLabel}${why}.` }
}

function tcpReason(error: ConnectProblem['error']): string {
  if (error?.code === 'ECONNREFUSED') return 'refused, nothing listens there'
  if (error?.code === 'EHOSTUNREACH' || error?.code === 'ENETUNREACH') return `no route (${error.code})`
  return String(error?.code ?? error?.message ?? 'closed')
}
