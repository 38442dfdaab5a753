import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeKey, publicLine } from '../../fakes/sshd.ts'
import { bootMachine } from './bootMachine.ts'
import { findFaketime } from './findFaketime.ts'
import { makeGroup } from './memoryGroup.ts'
import type { Machine, MachineOptions } from './Machine.ts'
import { reachMachine } from './reachMachine.ts'
import { serveSsh } from './serveSsh.ts'
import { startResolver } from './startResolver.ts'

/** Starts a machine in namespaces of its own: mounts, processes, network, host name. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const { sizeMb = 32, mayMount = false, fewInodes = false, clockOffsetS } = options
  const undo: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'drill-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
    const record = join(folder, 'record')
    mkdirSync(record)
    mkdirSync(join(folder, 'root'))
    writeFileSync(join(record, 'commands'), '')
    const environment = clockOffsetS === undefined ? {} : clock(record, clockOffsetS)
    const group = makeGroup()
    undo.push(() => group?.remove())
    const init = await bootMachine({ folder, sizeMb, group: group?.path ?? '', fewInodes })
    undo.push(() => init.end())
    const resolver = await startResolver(init.pid)
    undo.push(() => resolver.stop())

    const enter = ['-t', String(init.pid), '-m', '-u', '-i', '-n', '-p', '-r', '-w']
    const reach = reachMachine(init.pid, enter, environment)
    const hostKeyFile = makeKey(folder, 'host', 'ed25519')
    const keyFile = makeKey(folder, 'client', 'ed25519')
    reach.write('/etc/ssh/ssh_host_ed25519_key', readFileSync(hostKeyFile, 'utf8'), 0o600)
    reach.write('/root/.ssh/authorized_keys', readFileSync(`${keyFile}.pub`, 'utf8'), 0o600)
    reach.write('/etc/ssh/sshd_config', sshdConfig(environment))
    const ssh = await serveSsh({ enter, mayMount })
    undo.push(() => ssh.stop())

    const srv = fewInodes ? await reach.ask('stat -f -c %T /srv') : 'ext2/ext3'
    const standIns = [
      ...(group ? [] : ['memory limits are of the address space: no control group can be made here']),
      ...(srv.startsWith('ext') ? [] : [`/srv is a ${srv}: no loop device can be had here`]),
    ]
    return {
      ...reach,
      port: ssh.port,
      user: 'root',
      hostKey: publicLine(hostKeyFile),
      keyFile,
      standIns,
      commands: () => readFileSync(join(record, 'commands'), 'utf8').split('\0').slice(0, -1),
      freezeWhile: ssh.freezeWhile,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function sshdConfig(environment: Record<string, string>): string {
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const lines = [
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'UsePAM no',
    'UseDNS no',
    'PidFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'MaxSessions 20',
    'ForceCommand /usr/local/lib/record',
    // sshd heeds the first such line only.
    ...(set.length > 0 ? [`SetEnv ${set.join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** A clock that is wrong for every process in there and for none outside: only what libc says is changed. */
function clock(record: string, offsetS: number): Record<string, string> {
  const library = findFaketime()
  if (library === undefined) throw new Error('there is no libfaketime')
  writeFileSync(join(record, 'clock'), `${offsetS < 0 ? '' : '+'}${offsetS}\n`)
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: '/run/drill/clock',
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}
