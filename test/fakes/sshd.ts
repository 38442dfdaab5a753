import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface SshdOptions {
  /** Options in front of the client's key, such as `command="…",restrict`. */
  keyOptions?: string
  /** Further lines of `authorized_keys`, each with its own options and key. */
  authorizedKeys?: string[]
  hostKeyTypes?: ('ed25519' | 'ecdsa' | 'rsa')[]
  maxSessions?: number
  /** As sshd_config has it: `start:rate:full`. */
  maxStartups?: string
  /** Loopback addresses to listen on, at most 16. Default: 127.0.0.1 */
  addresses?: string[]
  /** A port that was free a moment ago, for a server that comes back elsewhere than it stood. */
  port?: number
}

/** A real OpenSSH server for the current account on a free port of 127.0.0.1, or of other loopback addresses. */
export interface Sshd {
  port: number
  user: string
  /** `ssh-ed25519 AAAA…`, one for each type, without a comment. */
  hostKeys: string[]
  /** The private key that is let in, beside those of `authorizedKeys`. */
  keyFile: string
  /** What it logged so far. */
  log(): string
  /** SIGKILLs the server with every connection and all that runs in them. */
  kill(): Promise<void>
  /** SIGKILLs the processes that serve connections; the server goes on to listen. */
  killConnections(): void
  /** `kill`, and removes its files. */
  stop(): Promise<void>
}

const program = '/usr/sbin/sshd'

/** Starts the server and waits until it listens. It is stopped by the test that started it. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { keyOptions = '', hostKeyTypes = ['ed25519'], maxSessions, maxStartups } = options
  const { authorizedKeys = [], addresses = ['127.0.0.1'] } = options
  // sshd as root insists on its separation folder, which exists only where the service was started once.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'))
  const hostKeyFiles = hostKeyTypes.map((type) => makeKey(folder, `host_${type}`, type))
  const keyFile = makeKey(folder, 'client', 'ed25519')
  const publicKey = readFileSync(`${keyFile}.pub`, 'utf8').trim()
  const letIn = [`${keyOptions} ${publicKey}`.trimStart(), ...authorizedKeys]
  writeFileSync(join(folder, 'authorized_keys'), `${letIn.join('\n')}\n`, { mode: 0o600 })

  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort())
    const lines = [
      ...addresses.map((address) => `ListenAddress ${address}:${String(port)}`),
      ...hostKeyFiles.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'UseDNS no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'LogLevel VERBOSE',
      // The account's own start files would run before each command. It also marks what is ours, see `orphans`.
      `SetEnv HOME=${folder}`,
      ...(maxSessions === undefined ? [] : [`MaxSessions ${String(maxSessions)}`]),
      ...(maxStartups === undefined ? [] : [`MaxStartups ${maxStartups}`]),
      // A test's refused logins would lock out the next test, which comes from the same address.
      ...(knowsPenalties() ? ['PerSourcePenalties no'] : []),
    ]
    writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`)
    const child = spawn(program, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const started = await untilListening(child)
    if (started.ok) {
      return running(child, started.log, { port, keyFile, folder, hostKeys: hostKeyFiles.map(publicLine) })
    }
    // Between finding the port and binding it, another test may have taken it.
    if (attempt === 5 || !started.log().includes('Cannot bind')) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
      throw new Error(`sshd did not start: ${started.log()}`)
    }
  }
}

function running(
  child: ChildProcess,
  log: () => string,
  { folder, ...rest }: { port: number; keyFile: string; folder: string; hostKeys: string[] },
): Sshd {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    // Stopped first, so that it accepts nobody while its children are counted.
    child.kill('SIGSTOP')
    killAll(descendants(child.pid))
    child.kill('SIGKILL')
    await exited
  }
  return {
    ...rest,
    user: userInfo().username,
    log,
    kill,
    killConnections: () => killAll(descendants(child.pid)),
    stop: async () => {
      await kill()
      // Again, until nobody is left who could have started another one meanwhile.
      for (let left = orphans(folder); left.length > 0; left = orphans(folder)) killAll(left)
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    },
  }
}

/** A new key pair without a passphrase; returns the private file's path. */
export function makeKey(folder: string, name: string, type: 'ed25519' | 'ecdsa' | 'rsa'): string {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', file])
  return file
}

/** `type base64` of a private key's public half. */
export function publicLine(keyFile: string): string {
  return readFileSync(`${keyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
}

function knowsPenalties(): boolean {
  // `-V` is unknown to older ones, which print their version all the same.
  const version = spawnText(program, ['-V'])
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > 9 || (Number(major) === 9 && Number(minor) >= 8)
}

function spawnText(file: string, args: string[]): string {
  try {
    return execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', file, ...args], { encoding: 'utf8' })
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout) // what execFileSync throws carries the output
  }
}

function untilListening(child: ChildProcess): Promise<{ ok: boolean; log: () => string }> {
  let text = ''
  const log = () => text
  return new Promise((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.includes('Server listening on')) resolve({ ok: true, log })
    })
    child.once('error', (error) => {
      text += error.message
      resolve({ ok: false, log })
    })
    child.once('close', () => resolve({ ok: false, log }))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens
  await new Promise((resolve) => server.close(resolve))
  return port
}

function descendants(root: number | undefined): number[] {
  if (root === undefined) return []
  const parents = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found = [root]
  for (const parent of found) {
    for (const [pid, ppid] of parents) if (ppid === parent && pid !== undefined) found.push(pid)
  }
  return found.slice(1)
}

/** Commands outlive their connection: sshd closes their pipes and lets them go. */
function orphans(home: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`HOME=${home}`)
      } catch {
        return false // Ended meanwhile, or somebody else's.
      }
    })
    .map(Number)
}

function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Ended by itself meanwhile.
    }
  }
}
