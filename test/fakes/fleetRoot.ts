import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { MachineRun } from '../drill/machine/Machine.ts'
import { hypervisorRoot, type HypervisorRoot } from './hypervisorRoot.ts'
import { makeKey } from './sshd.ts'
import { run, type SshRun } from './sshAttempts.ts'

/** A throw-away host of the fleet: the real useradd, sudo, OpenSSH server and tmux, and the probe as it is installed. */
export interface FleetRoot {
  name: string
  address: string
  port: number
  /** `ssh-ed25519 AAAA…`, as the configuration has them. */
  hostKeys: string[]
  /** What is below it: files, `run` as root, the journal, `snapshot`. */
  root: HypervisorRoot
  /** Makes an account with a home of its own; returns its uid. */
  addUser(user: string): Promise<number>
  /** Runs a shell line as that account, in a session of its own. */
  as(user: string, line: string): Promise<MachineRun>
  /** `as`, for what must succeed: its stdout. */
  askAs(user: string, line: string): Promise<string>
  /** Installs account, key and probe as `enrol.sh` does, without SSH; returns the file of the private key. */
  installProbe(options?: InstallOptions): Promise<string>
  /** The installed probe, asked by root, without SSH. */
  probe(verb: 'collect' | 'kill', input?: string): Promise<SshRun>
  /** What the key's owner gets for that command, over SSH. */
  ask(command: string, options?: { input?: string; account?: string }): Promise<SshRun>
  /** Ends sshd and all its connections; `root.startSshd` starts it again. */
  stopSshd(): Promise<void>
  /** Ends every process in it and removes all of it. */
  stop(): Promise<void>
}

export interface InstallOptions {
  account?: string
  /** An own pair is made without it. */
  keyFile?: string
}

/** What is installed on hosts, and what installs it. */
export const fleetHostFolder = resolve(import.meta.dirname, '../../app/fleet/host')
export const probePath = '/usr/local/lib/breakglass/breakglass-probe'
export const fleetAccount = 'breakglass'

export { whyNoHypervisorRoot as whyNoFleetRoot } from './hypervisorRoot.ts'

/** Starts one with sshd on `address`, a loopback one, and nothing of ours installed. */
export async function fleetRoot(name: string, options: { address?: string } = {}): Promise<FleetRoot> {
  const root = await hypervisorRoot({ name, ...options })
  try {
    await root.startSshd()
    const hostKeys = ['ed25519', 'ecdsa'].map((type) =>
      (root.read(`/etc/ssh/ssh_host_${type}_key.pub`) ?? '').split(' ').slice(0, 2).join(' '),
    )
    return fleetHost(name, root, hostKeys)
  } catch (error) {
    await root.stop()
    throw error
  }
}

/** Many at once, on 127.0.FLEET.1 and so on, with names `gpu1` and so on. */
export async function fleetRoots(count: number, fleet: number): Promise<FleetRoot[]> {
  const started: FleetRoot[] = []
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const worker = async () => {
    for (let n = numbers.shift(); n !== undefined; n = numbers.shift())
      started[n - 1] = await fleetRoot(`gpu${n}`, { address: `127.0.${fleet}.${n}` })
  }
  try {
    await Promise.all([worker(), worker(), worker(), worker()])
    return started
  } catch (error) {
    await Promise.all(started.map((host) => host?.stop()))
    throw error
  }
}

function fleetHost(name: string, root: HypervisorRoot, hostKeys: string[]): FleetRoot {
  let keyFile: string | undefined
  const as: FleetRoot['as'] = (user, line) =>
    root.run(`exec setsid --wait su -s /bin/sh ${user} -c ${quote(`cd; ${line}`)}`)
  return {
    name,
    address: root.address,
    port: root.port,
    hostKeys,
    root,
    async addUser(user) {
      await root.ask(`useradd -m -s /bin/sh ${user}`)
      return Number(await root.ask(`id -u ${user}`))
    },
    as,
    async askAs(user, line) {
      const { code, stdout, stderr } = await as(user, line)
      if (code !== 0)
        throw new Error(`on ${name}, ${JSON.stringify(line)} of ${user} ended with ${code}: ${stderr}`)
      return stdout.trim()
    },
    async installProbe({ account = fleetAccount, ...options } = {}) {
      keyFile = options.keyFile ?? makeKey(root.folder, 'fleet', 'ed25519')
      const key = readFileSync(`${keyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
      const settings = `action=install account=${account} key='${key}' dry=''\n`
      const part = (file: string) => readFileSync(join(fleetHostFolder, file), 'utf8')
      const probe = `print_probe() {\ncat <<'END OF PROBE'\n${part('breakglass-probe')}END OF PROBE\n}\n`
      root.write('/root/enrol', settings + probe + part('enrol-host'))
      const { code, stdout, stderr } = await root.run('sh /root/enrol')
      if (code !== 0) throw new Error(`the probe was not installed on ${name}: ${stdout}${stderr}`)
      return keyFile
    },
    probe: (verb, input = '') => {
      root.write('/run/probe-input', input)
      return root.run(`env -i ${probePath} ${verb} </run/probe-input`)
    },
    ask(command, { input, account = fleetAccount } = {}) {
      if (keyFile === undefined) throw new Error('the probe is not installed')
      return run(
        ['ssh', ...sshOptions(root, keyFile), `${account}@${root.address}`, ...(command ? [command] : [])],
        {
          ...(input !== undefined && { input }),
        },
      )
    },
    async stopSshd() {
      await root.ask('for p in $(pidof sshd); do kill -9 $p; done; rm -f /run/sshd.pid')
    },
    stop: () => root.stop(),
  }
}

/** Options for OpenSSH's clients: this key and nothing of this account's own settings. */
export function sshOptions(root: HypervisorRoot, keyFile: string): string[] {
  const known = `KnownHostsCommand=/bin/echo ${root.knownHosts.trim()}`
  const settings = ['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', `IdentityFile=${keyFile}`]
  const trust = [
    'StrictHostKeyChecking=yes',
    'UserKnownHostsFile=/dev/null',
    'GlobalKnownHostsFile=/dev/null',
  ]
  const all = [...settings, ...trust, known, 'HostKeyAlgorithms=ssh-ed25519', `Port=${root.port}`]
  return ['-F', 'none', ...all.flatMap((one) => ['-o', one])]
}

export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
