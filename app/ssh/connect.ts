import { connect as connectSocket, isIP } from 'node:net'
import { connectFailure } from './connectFailure.ts'
import type { ConnectPhase, ConnectProblem } from './connectFailure.ts'
import { hostKeyAlgorithms, isPinned, parseHostKey } from './hostKey.ts'
import type { LegFailure } from './legFailure.ts'
import { loadKey } from './loadKey.ts'
import type { LoadedKey } from './loadKey.ts'
import { SshConnection } from './SshConnection.ts'
import { address } from './SshDestination.ts'
import type { SshDestination, SshKey } from './SshDestination.ts'

export type Connected = { ok: true; connection: SshConnection } | ({ ok: false } & LegFailure)

export interface ConnectOptions {
  signal?: AbortSignal
  /** For reading the key, and for the whole of the rest; the name and TCP may each take at most 40 % of it. */
  timeoutMs?: number
  /** How often an idle connection asks whether the far side is still there; three times in vain, and it is lost. */
  keepaliveMs?: number
}

const defaultTimeoutMs = 10_000

/**
 * Opens one connection. Never throws: what fails is `name`, `tcp` (which includes a server that does not speak
 * SSH), `host_key`, `auth` or `cancelled`; nothing was sent to a shell in any of these cases.
 */
export async function connect(destination: SshDestination, options: ConnectOptions = {}): Promise<Connected> {
  const { signal, timeoutMs = defaultTimeoutMs, keepaliveMs = 5_000 } = options
  const cancelled: Connected = {
    ok: false,
    leg: 'cancelled',
    failure: `Cancelled while connecting to ${address(destination)}.`,
  }
  const pinned = destination.hostKeys.flatMap((line) => parseHostKey(line) ?? [])
  if (pinned.length === 0) {
    const failure = `No host key is pinned for ${address(destination)}: an unknown machine is never trusted.`
    return { ok: false, leg: 'host_key', failure }
  }
  const key = await keyInTime(destination.key, options)
  if (key === 'cancelled') return cancelled
  if ('problem' in key) {
    return { ok: false, leg: 'auth', failure: `${key.problem} ${address(destination)} was not tried.` }
  }
  const { default: ssh2 } = await import('ssh2')
  if (signal?.aborted) return cancelled

  const { promise, resolve } = Promise.withResolvers<Connected>()
  const { host, port } = destination
  const endsAt = performance.now() + timeoutMs
  // Nagle's algorithm costs up to 100 ms a command: the socket is ours, so that it can be switched off.
  const socket = connectSocket({ host, port, noDelay: true })
  const client = new ssh2.Client()
  let phase: ConnectPhase = 'name'
  let settled = false
  let foundKey: Buffer | undefined
  let timer: NodeJS.Timeout | undefined

  const settle = (result: Connected) => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    if (!result.ok) socket.destroy()
    resolve(result)
  }
  const fail = (problem: Omit<ConnectProblem, 'phase' | 'foundKey'>) => {
    const seen = { phase, ...problem, ...(foundKey ? { foundKey } : {}) }
    settle({ ok: false, ...connectFailure(destination, pinned, key.label, seen) })
  }
  const onAbort = () => settle(cancelled)
  const enter = (next: ConnectPhase) => {
    if (settled) return
    phase = next
    clearTimeout(timer)
    const left = Math.max(0, endsAt - performance.now())
    const afterMs = phase === 'name' || phase === 'tcp' ? Math.min(left, 0.4 * timeoutMs) : left
    timer = setTimeout(
      () => fail({ afterMs: phase === 'handshake' || phase === 'auth' ? timeoutMs : afterMs }),
      afterMs,
    )
  }

  enter(isIP(host) === 0 ? 'name' : 'tcp')
  signal?.addEventListener('abort', onAbort, { once: true })
  socket.once('lookup', (error) => {
    if (!error) enter('tcp')
  })
  socket.once('connect', () => enter('handshake'))
  client.once('handshake', () => enter('auth'))
  // ssh2 may report one failure twice, and again after it was settled: the first one counts.
  client.on('error', (error: Error) => fail({ error }))
  client.once('close', () => fail({}))
  client.once('ready', () => settle({ ok: true, connection: new SshConnection(client) }))
  try {
    client.connect({
      sock: socket,
      username: destination.user,
      ...(key.type === 'agent' ? { agent: key.agent } : { privateKey: key.privateKey }),
      authHandler: [key.type],
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned) },
      hostVerifier: (blob: Buffer) => {
        const known = isPinned(pinned, blob)
        if (!known) foundKey = blob
        return known
      },
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: 3,
    })
  } catch (error) {
    // What ssh2 does not accept is thrown by it: a key that it cannot use after all.
    phase = 'auth'
    fail({ error: error as Error })
  }
  return promise
}

/** The key, unless the file system that it lies on does not answer in time. */
async function keyInTime(
  key: SshKey,
  { signal, timeoutMs = defaultTimeoutMs }: ConnectOptions,
): Promise<LoadedKey | { problem: string } | 'cancelled'> {
  const { promise, resolve } = Promise.withResolvers<{ problem: string } | 'cancelled'>()
  const seconds = (timeoutMs / 1000).toLocaleString('en')
  const timer = setTimeout(
    () => resolve({ problem: `The key could not be read within ${seconds} s.` }),
    timeoutMs,
  )
  const onAbort = () => resolve('cancelled')
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([loadKey(key), promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
