import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface BootOptions {
  /** Holds what the machine needs outside of itself: the mount point `root`, and `record`, which it has as /run/drill. */
  folder: string
  sizeMb: number
  /** The control group whose memory limits its units can have; '' for none. */
  group: string
  /** Whether /srv is a small ext4 with few inodes. */
  fewInodes: boolean
}

export interface Init {
  /** Of the machine's first process, as this machine counts. */
  pid: number
  end(): Promise<void>
}

const startLimitMs = 20_000
const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child']

/** Resolves once the machine is up. Its end takes its mounts, loop devices and processes along. */
export async function bootMachine({ folder, sizeMb, group, fewInodes }: BootOptions): Promise<Init> {
  const here = import.meta.dirname
  const folders = [join(folder, 'root'), here, join(folder, 'record')]
  const image = fewInodes ? await makeImage(folder) : ''
  const script = ['sh', join(here, 'boot.sh'), ...folders, `${sizeMb}m`, group, image]
  const child = spawn('unshare', [...namespaces, '--propagation', 'private', ...script], {
    // It lives for as long as somebody holds its stdin: not longer than this process.
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()))
  const ended = exited.then(() => Promise.reject(new Error(`the machine did not start: ${errors}`)))
  ended.catch(() => undefined)
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
  await Promise.race([once(child.stdout, 'data'), ended]).finally(() => clearTimeout(timer))
  return {
    pid: Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()),
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
