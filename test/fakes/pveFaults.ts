import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { substitute, type PveHost } from './pveHost.ts'

/** Does what the stand-in of a hanging file system would: whoever opens the file waits. */
export function hangFile(path: string): void {
  spawnSync('rm', ['-f', path])
  spawnSync('mkfifo', [path])
}

/** A process that the kernel holds for good, as /proc would show it; or only that thread of it. */
export async function simulateStuckProcess(host: PveHost, thread?: string): Promise<void> {
  const numbers = Array.from({ length: 50 }, (_, index) => (index === 18 ? '4242' : '7')).join(' ')
  const folder = host.at(`proc/${host.pid}`)
  await mkdir(thread ? `${folder}/task/${thread}` : folder, { recursive: true })
  await writeFile(`${folder}/stat`, `${host.pid} (kvm) ${thread ? 'S' : 'D'} ${numbers}\n`)
  if (thread) await writeFile(`${folder}/task/${thread}/stat`, `${thread} (kvm) D ${numbers}\n`)
  await writeFile(host.at('proc/stat'), 'btime 1795000000\n')
  await host.configure(`proc=${host.at('proc')}`)
}

/** A thread that the kernel holds for 5 s from the first look at the VM on, in a pre-flight that has the time. */
export async function letStuckThreadGo(host: PveHost): Promise<void> {
  await simulateStuckProcess(host, '4300')
  await substitute(host.at('bin/breakglass-preflight'), /preflight_limit=\d+/, 'preflight_limit=12')
  const goOn = `(sleep 5; rm -r '${host.at(`proc/${host.pid}`)}') </dev/null >/dev/null 2>&1 &`
  await host.replaceTool('qm', `${goOn}\nexec '${host.at('real-qm')}' "$@"`)
}

/** The dispatcher where a disk of its own that has no room left holds the state folder. */
export function inFullState(host: PveHost): string[] {
  const prepare = `mount -t tmpfs -o size=256k tmpfs "$0" || exit 99
    cat /dev/zero >"$0/full" 2>/dev/null
    exec "$@"`
  return ['unshare', '-m', 'sh', '-c', prepare, host.at('state'), ...host.forcedCommand]
}
export const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
