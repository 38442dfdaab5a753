import type { ChildProcess } from 'node:child_process'
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { AuthContext, Connection, Server, utils } from 'ssh2'
import type { Logger } from 'pino'
import type { SshDestination } from '#app/ssh/SshDestination.ts'
import { startForcedCommand } from './forcedCommand.ts'
import { openSshKeyPair } from './openSshKeyPair.ts'

export interface DemoHypervisorOptions {
  /** Runs for every request, whatever was requested. */
  forcedCommand: readonly [program: string, ...args: string[]]
  logger: Pick<Logger, 'info' | 'warn'>
}

export interface DemoHypervisor {
  destination: SshDestination
  stop: () => Promise<void>
}

const user = 'breakglass'
const maxConnections = 16
const maxCommands = 16
const authTimeoutMs = 10_000

/**
 * An SSH server on a free port of loopback that behaves as sshd does for a key with `restrict,command="…"`: one
 * account, one key, the forced command and nothing else. Both keys live in memory, for this start only.
 * The SSH library is loaded by the first connection.
 */
export async function startDemoHypervisor(options: DemoHypervisorOptions): Promise<DemoHypervisor> {
  const { forcedCommand, logger } = options
  const hostKey = openSshKeyPair()
  const clientKey = openSshKeyPair()
  const children = new Set<ChildProcess>()

  const serve = async (): Promise<Server> => {
    const { default: ssh2 } = await import('ssh2')
    const isAccepted = accepts(ssh2.utils.parseKey, clientKey.publicKey)
    return new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client: Connection) => {
      const timer = setTimeout(() => client.end(), authTimeoutMs)
      client.on('error', (error) => logger.info({ error: error.message }, 'demo hypervisor: connection'))
      client.on('close', () => clearTimeout(timer))
      client.on('authentication', (context) => {
        if (isAccepted(context)) context.accept()
        else context.reject(['publickey'])
      })
      client.on('ready', () => clearTimeout(timer))
      // A terminal, a shell, subsystems, environment and forwarding have no listener: ssh2 then refuses them.
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, rejectExec, { command }) => {
          if (children.size >= maxCommands) return rejectExec()
          const child = startForcedCommand(forcedCommand, command, acceptExec())
          if (!child) return
          children.add(child)
          child.on('close', () => children.delete(child))
        })
      })
    })
  }

  let serving: Promise<Server> | undefined
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    serving ??= serve()
    serving.then(
      (server) => server.injectSocket(socket),
      (error: unknown) => {
        logger.warn({ err: error }, 'demo hypervisor: no SSH')
        socket.destroy()
      },
    )
  })
  listener.maxConnections = maxConnections
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo // a TCP server's
  logger.info({ port }, 'demo hypervisor listens on loopback')
  const destination = { name: 'demo', host: '127.0.0.1', port, user }
  return {
    destination: {
      ...destination,
      hostKeys: [hostKey.publicKey],
      key: { privateKey: clientKey.privateKey },
    },
    async stop() {
      const closed = once(listener, 'close')
      listener.close()
      for (const socket of sockets) socket.destroy()
      // What follows an operation ends; the operation itself goes on to its end, as on a hypervisor.
      for (const child of children) child.kill()
      await closed
    },
  }
}

function accepts(parseKey: typeof utils.parseKey, publicKey: string): (context: AuthContext) => boolean {
  const accepted = parseKey(publicKey)
  if (accepted instanceof Error) throw accepted
  const wanted = accepted.getPublicSSH()
  return (context) => {
    if (context.method !== 'publickey' || context.username !== user) return false
    const offered = context.key.data
    if (offered.length !== wanted.length || !timingSafeEqual(offered, wanted)) return false
    // Without a signature the client only asks whether it may try this key.
    if (!context.signature || !context.blob) return true
    return accepted.verify(context.blob, context.signature, context.hashAlgo)
  }
}
