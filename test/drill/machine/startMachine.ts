import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { makeKey, publicLine } from '../../fakes/sshd.ts'
import { findFaketime } from './findFaketime.ts'
import { makeGroup } from './memoryGroup.ts'
import type { Machine, MachineOptions, MachineRun } from './Machine.ts'
import { serveSsh } from './serveSsh.ts'
import { startResolver } from './startResolver.ts'

const runLimitMs = 20_000

/**
 * Starts a machine in namespaces of its own (mounts, processes, network, host name). Its end takes everything along:
 * mounts, loop devices and processes belong to its first process, which ends when this process does.
 */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const { sizeMb = 32, mayMount = false, fewInodes = false, clockOffsetS } = options
  const folder = mkdtempSync(join(tmpdir(), 'drill-'))
  const record = join(folder, 'record')
  mkdirSync(record)
  writeFileSync(join(record, 'commands'), '')
  mkdirSync(join(folder, 'root'))
  const group = makeGroup()
  const undo: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })]
  if (group) undo.push(() => group.remove())
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const init = await boot({
      folder,
      size: `${sizeMb}m`,
      group: group?.path ?? '',
      image: fewInodes ? await makeImage(folder) : '',
    })
    undo.push(() => init.end())
    const resolver = await startResolver(init.pid)
    undo.push(() => resolver.stop())

    const environment = clockOffsetS === undefined ? {} : clock(record, clockOffsetS)
    const hostKeyFile = makeKey(folder, 'host', 'ed25519')
    const keyFile = makeKey(folder, 'client', 'ed25519')
    const enter = ['-t', String(init.pid), '-m', '-u', '-i', '-n', '-p', '-r', '-w']
    const inside = (path: string): string => join(`/proc/${init.pid}/root`, path)
    const write: Machine['write'] = (path, content, mode = 0o644) => {
      mkdirSync(dirname(inside(path)), { recursive: true })
      writeFileSync(inside(path), content)
      chmodSync(inside(path), mode)
    }
    write('/etc/ssh/ssh_host_ed25519_key', readFileSync(hostKeyFile, 'utf8'), 0o600)
    write('/root/.ssh/authorized_keys', readFileSync(`${keyFile}.pub`, 'utf8'), 0o600)
    write('/etc/ssh/sshd_config', sshdConfig(environment))
    const ssh = await serveSsh({ enter, mayMount })
    undo.push(() => ssh.stop())

    const own = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...environment }
    const set = assignments(own)
    const run: Machine['run'] = (line) =>
      new Promise<MachineRun>((resolve) => {
        const settings = { env: {}, timeout: runLimitMs, killSignal: 'SIGKILL' as const }
        execFile(
          'nsenter',
          [...enter, '--', 'env', ...set, '/bin/sh', '-c', line],
          settings,
          (error, stdout, stderr) => {
            // A number where it ran to its end, else a word for why it did not.
            const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
            resolve({ code, stdout, stderr })
          },
        )
      })
    return {
      port: ssh.port,
      user: 'root',
      hostKey: publicLine(hostKeyFile),
      keyFile,
      memoryLimits: group ? 'control group' : 'address space',
      read(path) {
        try {
          return readFileSync(inside(path), 'utf8')
        } catch {
          return null
        }
      },
      write,
      run,
      async ask(line) {
        const { code, stdout, stderr } = await run(line)
        if (code !== 0)
          throw new Error(`in the machine, ${JSON.stringify(line)} ended with ${code}: ${stderr}`)
        return stdout.trim()
      },
      commands: () => readFileSync(join(record, 'commands'), 'utf8').split('\0').slice(0, -1),
      freezeWhile: ssh.freezeWhile,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Resolves once the machine is up, with the process number of its `init` as this machine counts. */
async function boot(of: { folder: string; size: string; group: string; image: string }) {
  const here = import.meta.dirname
  const folders = [join(of.folder, 'root'), here, join(of.folder, 'record')]
  const argv = [join(here, 'boot.sh'), ...folders, of.size, of.group, of.image]
  const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child']
  const child = spawn('unshare', [...namespaces, '--propagation', 'private', 'sh', ...argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()))
  const up = once(child.stdout, 'data')
  const ended = exited.then(() => Promise.reject(new Error(`the machine did not start: ${errors}`)))
  ended.catch(() => undefined)
  await Promise.race([up, ended])
  return {
    pid: childOf(child),
    async end() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** An ext4 for 4 MB in 256 files. */
async function makeImage(folder: string): Promise<string> {
  const image = join(folder, 'srv.ext4')
  await promisify(execFile)('/sbin/mkfs.ext4', ['-q', '-N', '256', '-O', '^has_journal', image, '4M'])
  return image
}

function childOf({ pid = 0 }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}

function sshdConfig(environment: Record<string, string>): string {
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
    ...(Object.keys(environment).length > 0 ? [`SetEnv ${assignments(environment).join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

const assignments = (environment: Record<string, string>): string[] =>
  Object.entries(environment).map(([name, value]) => `${name}=${value}`)

/** A clock that is wrong for every process in there and for none outside: only what libc says is changed. */
function clock(record: string, offsetS: number): Record<string, string> {
  const library = findFaketime()
  if (library === undefined) throw new Error('there is no libfaketime')
  const sign = offsetS < 0 ? '' : '+'
  writeFileSync(join(record, 'clock'), `${sign}${offsetS}\n`)
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: '/run/drill/clock',
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}
