import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import ssh2, { type ConnectConfig } from 'ssh2'
import type { HypervisorRoot } from './hypervisorRoot.ts'

export interface SshRun {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  input?: string | Buffer
  env?: Record<string, string>
}

const limitMs = 60_000

/** The OpenSSH client's programs against a throw-away hypervisor, with nothing of this account's own settings. */
export interface SshAttempts {
  /** Options of ssh, scp and sftp, without the port and the key's owner. */
  options: string[]
  /** `ssh OPTIONS MORE`, the account and host to be named in `more`. */
  ssh(more: string[], options?: RunOptions): Promise<SshRun>
  /** Any program. */
  run(argv: string[], options?: RunOptions): Promise<SshRun>
  /**
   * `ssh -N` with a forwarding from `from`, a unix socket or a port here: says what came back to somebody who connects
   * and sends something, and what the client then said.
   */
  forward(args: string[], from: { path: string } | { port: number }, hello?: Buffer): Promise<SshRun>
  /** Asks for a tunnel. The client's own device is in a network of its own, not this machine's. */
  tunnel(): Promise<SshRun>
}

export function sshAttempts(host: HypervisorRoot, keyFile: string): SshAttempts {
  const knownHosts = join(host.folder, 'known_hosts')
  if (!existsSync(knownHosts)) writeFileSync(knownHosts, host.knownHosts)
  const settings = {
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    IdentityFile: keyFile,
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlgorithms: 'ssh-ed25519',
    ConnectTimeout: '30',
    Port: String(host.port),
  }
  const options = [
    '-F',
    'none',
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ]
  return {
    options,
    run,
    async tunnel() {
      const path = join(host.folder, 'relay')
      const relay = createServer((from) => {
        const to = connect(host.port, '127.0.0.1')
        pipeline(from, to, from, () => undefined)
      }).listen(path)
      await once(relay, 'listening')
      const proxy = join(import.meta.dirname, 'unixProxy.pl')
      const end = await run([
        ...['unshare', '--net', 'ssh', '-v', ...options, '-o', `ProxyCommand=perl ${proxy} ${path}`, '-N'],
        ...[
          '-o',
          'Tunnel=point-to-point',
          '-o',
          'ExitOnForwardFailure=yes',
          '-w',
          'any:any',
          'breakglass@127.0.0.1',
        ],
      ])
      relay.close()
      return end
    },
    ssh: (more, runOptions) => run(['ssh', ...options, ...more], runOptions),
    async forward(args, from, hello = Buffer.from('hello\n')) {
      const child = spawn('ssh', [...options, '-v', '-N', ...args, 'breakglass@127.0.0.1'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const closed = once(child, 'close')
      let stderr = ''
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
      const until = async (condition: () => boolean) => {
        const deadline = Date.now() + limitMs
        while (!condition()) {
          if (Date.now() > deadline || child.exitCode !== null)
            throw new Error(`ssh did not get there: ${stderr}`)
          await setTimeout(20)
        }
      }
      let stdout = ''
      try {
        await until(() => stderr.includes('Entering interactive session'))
        const socket = connect(from)
        socket.on('data', (piece: Buffer) => (stdout += piece.toString('latin1')))
        socket.on('error', () => undefined)
        socket.write(hello)
        // It says why before it closes.
        await until(() => socket.closed)
      } finally {
        child.kill('SIGKILL')
        await closed
      }
      return { code: null, stdout, stderr }
    },
  }
}

/** Runs a program to its end. */
export async function run(
  [program = '', ...args]: string[],
  { input = '', env }: RunOptions = {},
): Promise<SshRun> {
  const child = spawn(program, args, { stdio: 'pipe', ...(env && { env: { ...process.env, ...env } }) })
  const late = globalThis.setTimeout(() => child.kill('SIGKILL'), limitMs)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString('latin1')))
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString('latin1')))
  // Who is refused reads nothing of it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(late)
  return { code, stdout, stderr }
}

/** One connection whose requests are bytes that no command line can carry, and are soon done. */
export interface SshRequests {
  request(command: string): Promise<SshRun>
  end(): void
}

/** With `agent`, each request asks that this socket be forwarded, and fails when it is not. */
export async function sshRequests(
  host: HypervisorRoot,
  keyFile: string,
  agent?: string,
): Promise<SshRequests> {
  const client = new ssh2.Client()
  const login: ConnectConfig = {
    host: host.address,
    port: host.port,
    username: 'breakglass',
    privateKey: readFileSync(keyFile),
    readyTimeout: limitMs,
    authHandler: ['publickey'],
    ...(agent !== undefined && { agent, agentForward: true }),
  }
  client.connect(login)
  await once(client, 'ready')
  return {
    end: () => client.end(),
    request: (command) =>
      new Promise((resolve) => {
        // The connection that a request has broken answers nothing any more.
        const broken = (error?: Error) =>
          resolve({ code: null, stdout: '', stderr: error?.message ?? 'closed' })
        client.once('error', broken)
        client.once('close', broken)
        client.exec(command, (error, channel) => {
          if (error) return broken(error)
          let stdout = ''
          let stderr = ''
          channel.on('data', (piece: Buffer) => (stdout += piece.toString()))
          channel.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
          channel.on('close', (code: number | undefined) => {
            client.off('error', broken)
            client.off('close', broken)
            resolve({ code: code ?? null, stdout, stderr })
          })
        })
      }),
  }
}
