import { spawn, type ChildProcess } from 'node:child_process'
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { AuthContext, Connection, ServerChannel } from 'ssh2'
import type { Logger } from 'pino'
import type { SshDestination } from '#app/ssh/SshDestination.ts'

export interface DemoHypervisorOptions {
  /** Runs for every request, whatever was requested; the request is in SSH_ORIGINAL_COMMAND. */
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
 */
export async function startDemoHypervisor(options: DemoHypervisorOptions): Promise<DemoHypervisor> {
  const { default: ssh2 } = await import('ssh2')
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519')
  const clientKey = ssh2.utils.generateKeyPairSync('ed25519')
  const accepted = ssh2.utils.parseKey(clientKey.public)
  if (accepted instanceof Error) throw accepted

  const isAccepted = (context: AuthContext): boolean => {
    if (context.method !== 'publickey' || context.username !== user) return false
    const wanted = accepted.getPublicSSH()
    const offered = context.key.data
    if (offered.length !== wanted.length || !timingSafeEqual(offered, wanted)) return false
    // Without a signature the client only asks whether it may try this key.
    if (!context.signature || !context.blob) return true
    return accepted.verify(context.blob, context.signature, context.hashAlgo) === true
  }

  const children = new Set<ChildProcess>()
  const connections = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    if (connections.size >= maxConnections) {
      client.end()
      return
    }
    connections.add(client)
    const timer = setTimeout(() => client.end(), authTimeoutMs)
    client.on('close', () => {
      clearTimeout(timer)
      connections.delete(client)
    })
    client.on('error', (error) =>
      options.logger.info({ error: error.message }, 'demo hypervisor: connection'),
    )
    client.on('authentication', (context) =>
      isAccepted(context) ? context.accept() : context.reject(['publickey']),
    )
    client.on('ready', () => clearTimeout(timer))
    // A terminal, a shell, subsystems, environment and forwarding have no listener: ssh2 then refuses them.
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, rejectExec, { command }) => {
        if (children.size >= maxCommands) rejectExec()
        else runForced(command, acceptExec())
      })
    })
  })

  const runForced = (command: string, channel: ServerChannel): void => {
    const child = forced(options.forcedCommand, command)
    if (!child) {
      channel.exit(255)
      channel.close()
      return
    }
    children.add(child)
    child.on('exit', () => children.delete(child))
    join(child, channel)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // ssh2 hands through net.Server's address.
  const { port } = server.address() as AddressInfo
  options.logger.info({ port }, 'demo hypervisor listens on loopback')
  return {
    destination: {
      name: 'demo',
      host: '127.0.0.1',
      port,
      user,
      hostKeys: [hostKey.public.trim()],
      key: { privateKey: clientKey.private },
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const client of connections) client.end()
      // What follows an operation ends; the operation itself goes on to its end, as on a hypervisor.
      for (const child of children) child.kill()
      await closed
    },
  }
}

function forced(
  [program, ...args]: readonly [string, ...string[]],
  command: string,
): ChildProcess | undefined {
  try {
    return spawn(program, args, { env: { SSH_ORIGINAL_COMMAND: command }, cwd: '/', stdio: 'pipe' })
  } catch {
    // A NUL byte or a length that no program can be given: never a request.
    return undefined
  }
}

/** As in sshd: when the client goes away the pipes break, and nobody is killed. */
function join(child: ChildProcess, channel: ServerChannel): void {
  let exit: number | null = null
  child.on('error', () => undefined)
  child.stdin?.end()
  child.stdout?.pipe(channel, { end: false })
  child.stderr?.pipe(channel.stderr, { end: false })
  child.on('exit', (code) => (exit = code))
  child.on('close', (code) => {
    channel.exit(code ?? exit ?? 255)
    channel.end()
  })
  channel.on('error', () => undefined)
  channel.on('close', () => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  })
}
