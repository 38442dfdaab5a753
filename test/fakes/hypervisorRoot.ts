import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { reachMachine } from '../drill/machine/reachMachine.ts'
import type { MachineRun } from '../drill/machine/Machine.ts'
import { makeKey } from './sshd.ts'

/** A throw-away hypervisor: root's own machine to install on, with the real useradd, sudo, visudo and OpenSSH server. */
export interface HypervisorRoot {
  /** Where its sshd listens. */
  address: string
  /** A folder outside of it, for keys and what clients need; removed with it. */
  folder: string
  port: number
  /** `[ADDRESS]:PORT ssh-ed25519 AAAA…`, for a client. */
  knownHosts: string
  /** Runs a shell line there as root. */
  run(line: string): Promise<MachineRun>
  /** `run`, for what must succeed: its stdout. */
  ask(line: string): Promise<string>
  read(path: string): string | null
  write(path: string, content: string, mode?: number): void
  /** Runs the installer there, as an administrator does who has copied its folder. */
  install(...args: string[]): Promise<MachineRun>
  /** Starts its sshd as a service, and waits until it answers. */
  startSshd(): Promise<void>
  /** Waits until sshd has read its configuration again, where `install` did not see that it was told to. */
  sshdReloaded(): Promise<void>
  /** What was sent to syslog so far, a message each, oldest first. */
  journal(): string[]
  /** Every file, folder and link outside of /proc, /sys, /dev and what is read-only: `path type mode owner`, and `digest  path`. */
  snapshot(): Promise<string[]>
  /** Ends every process in it and removes all of it. */
  stop(): Promise<void>
}

export interface HypervisorRootOptions {
  /** Its host name. */
  name?: string
  /** Of loopback. */
  address?: string
}

const startLimitMs = 20_000
const namespaces = [
  '--mount',
  '--pid',
  '--ipc',
  '--uts',
  '--fork',
  '--kill-child',
  '--propagation',
  'private',
]
/** What the installer's folder is here. */
export const hostFolder = resolve(import.meta.dirname, '../../app/power/host')

/** Why there can be none here, in a sentence; undefined where it can. */
export function whyNoHypervisorRoot(): string | undefined {
  const mount = `mount -t tmpfs -o size=1m probe ${tmpdir()}`
  if (spawnSync('unshare', [...namespaces, 'sh', '-c', mount]).status !== 0)
    return 'this account may not mount in namespaces of its own'
  const missing = ['sshd', 'sudo', 'visudo', 'useradd', 'logger', 'rsync', 'perl'].filter(
    (name) => spawnSync('sh', ['-c', `PATH=/usr/sbin:$PATH command -v ${name}`]).status !== 0,
  )
  return missing.length > 0 ? `there is no ${missing.join(', no ')}` : undefined
}

export async function hypervisorRoot(options: HypervisorRootOptions = {}): Promise<HypervisorRoot> {
  const { name: hostName = 'pve1', address = '127.0.0.1' } = options
  const folder = mkdtempSync(join(tmpdir(), 'hypervisor-'))
  const root = join(folder, 'root')
  mkdirSync(root)
  const script = join(import.meta.dirname, 'hypervisorRoot.sh')
  // It lives for as long as somebody holds its stdin: not longer than this process.
  const child = spawn('unshare', [...namespaces, 'sh', script, root, hostName], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    let errors = ''
    child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()))
    const ended = exited.then(() => Promise.reject(new Error(`the host did not start: ${errors}`)))
    ended.catch(() => undefined)
    const late = setTimeout(startLimitMs, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('the host did not start')),
    )
    late.catch(() => undefined)
    await Promise.race([once(child.stdout, 'data'), ended, late])
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim())
    const reach = reachMachine(pid, ['-t', String(pid), '-m', '-u', '-i', '-p', '-r', '-w'], {})

    // As the command of its README.md does.
    for (const name of readdirSync(hostFolder))
      reach.write(`/root/breakglass/${name}`, readFileSync(join(hostFolder, name), 'utf8'), 0o755)
    const port = await freePort(address)
    const config = `${reach.read('/etc/ssh/sshd_config')}ListenAddress ${address}\nPort ${port}\n`
    reach.write('/etc/ssh/sshd_config', config)
    // A test's refused logins would lock out the next one, which comes from the same address.
    if ((await reach.ask('/usr/sbin/sshd -T')).includes('persourcepenalties'))
      reach.write('/etc/ssh/sshd_config', `${config}PerSourcePenalties no\n`)
    const hostKey = (reach.read('/etc/ssh/ssh_host_ed25519_key.pub') ?? '').split(' ').slice(0, 2).join(' ')
    const journal = () => (reach.read('/run/journal') ?? '').split('\0').slice(0, -1)
    /** How often its sshd was started, or told to begin again. */
    let starts = 0
    const untilListening = async () => {
      const deadline = Date.now() + startLimitMs
      const listens = () => journal().filter((line) => line.includes('Server listening')).length
      while (listens() < starts || !reach.read('/run/sshd.pid')) {
        if (Date.now() > deadline) throw new Error(`sshd does not listen: ${journal().join('\n')}`)
        await setTimeout(20)
      }
    }
    return {
      ...reach,
      address,
      folder,
      port,
      knownHosts: `[${address}]:${port} ${hostKey}\n`,
      async install(...args) {
        const run = await reach.run(['sh', '/root/breakglass/install.sh', ...args.map(quote)].join(' '))
        starts += run.stdout.split('reloaded   sshd').length - 1
        if (starts > 0) await untilListening()
        return run
      },
      async startSshd() {
        starts = 1
        await reach.ask('/usr/sbin/sshd')
        await untilListening()
      },
      async sshdReloaded() {
        starts += 1
        await untilListening()
      },
      journal,
      async snapshot() {
        const all = 'find / /usr/local -xdev -path /run/journal -prune -o'
        const kinds = `${all} -printf '%p %y %m %u:%g %l\\n'`
        const found = await reach.ask(`${kinds}; ${all} -type f -print0 | xargs -0 sha256sum`)
        return found.split('\n').sort()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A key pair of one VM: the private file, and the public line without its comment. */
export function vmKey(host: HypervisorRoot, name: string): { file: string; line: string } {
  const file = makeKey(host.folder, name, 'ed25519')
  return { file, line: readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ') }
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A port of loopback that was free a moment ago. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer()
  server.listen(0, address)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server that listens
  const closed = once(server, 'close')
  server.close()
  await closed
  return port
}
