import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hypervisorRoot, vmKey, whyNoHypervisorRoot } from '../fakes/hypervisorRoot.ts'
import type { HypervisorRoot } from '../fakes/hypervisorRoot.ts'
import type { Guest } from './fetchGuest.ts'
import { sendRequest } from './sendRequest.ts'
import type { Answer } from './sendRequest.ts'

/** A hypervisor with the power path installed and one real VM, `devvm`, number 102. */
export interface Hypervisor extends HypervisorRoot {
  /** One request over SSH, as the service sends it. */
  request(text: string): Promise<Answer>
  /** Calls qm there, past the power path. */
  qm(text: string): Promise<string>
  /** What the guest said at each of its starts, oldest first. */
  boots(): { memoryKb: number; boot: string }[]
  /** Adds a line to the VM's configuration, which it has at once or from its next start on. */
  configure(key: string, value: string, when?: 'now' | 'next start'): void
  /** A signal for the VM's process. */
  signal(name: 'STOP' | 'KILL'): Promise<void>
  /** A signal for the server that has the VM's disk. */
  signalDisk(name: 'STOP' | 'CONT'): Promise<void>
  /** The VM's process. */
  pid(): Promise<number>
  /** The power path reads another /proc from now on, in which the VM's process waits for something in the kernel. */
  simulateDState(): Promise<void>
  /** How long qm waits for what never comes, in seconds; without one as ever. */
  waits(own?: Partial<typeof times>): void
  /** Everything as it was at first; true when the VM is off then. */
  restore(): Promise<boolean>
}

const vmFile = '/etc/pve/qemu-server/102.conf'
const serialFile = '/srv/serial'
const timesFile = '/opt/pve/times'
const conf = '/etc/breakglass/devvm.conf'
/** In seconds: shorter than Proxmox's, in the same order, and long enough for a machine that is busy. */
const times = { monitor: 3, quit: 3, term: 1, start: 15, lock: 3 }
const timesText = (own: Partial<typeof times> = {}) =>
  Object.entries({ ...times, ...own })
    .map(([name, seconds]) => `${name}=${seconds}\n`)
    .join('')

const kernelOptions =
  'console=ttyS0 quiet panic=1 tsc=reliable mitigations=off no_timer_check lpj=4000000 audit=0'
/** A small cache of translated code makes a reset twice as fast: the guest overwrites what was translated. */
const vmConfig = [
  'name: devvm',
  'memory: 192',
  'virtio0: nbd:unix:/run/disk.sock',
  'args: -accel tcg,tb-size=32 -M q35 -cpu qemu64 -nodefaults -no-user-config -display none' +
    ` -kernel /srv/vmlinuz -initrd /srv/initramfs -append '${kernelOptions}'` +
    ` -chardev file,id=serial,path=${serialFile},append=on -serial chardev:serial`,
  '',
].join('\n')

/** Why there can be none here, in a sentence; undefined where it can. */
export function whyNoQemu(): string | undefined {
  if (process.arch !== 'x64') return 'the guest is for x86-64, and another processor would have to play two'
  const missing = ['qemu-system-x86_64', 'qemu-nbd', 'busybox', 'apt-get', 'dpkg-deb'].filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  )
  return missing.length > 0 ? `there is no ${missing.join(', no ')}` : whyNoHypervisorRoot()
}

/** The installer's own accounts, keys and sshd; below them a QEMU whose disk is served by another process. */
export async function startHypervisor(guest: Guest): Promise<Hypervisor> {
  const host = await hypervisorRoot()
  try {
    const key = vmKey(host, 'devvm')
    const knownHosts = join(host.folder, 'known_hosts')
    writeFileSync(knownHosts, host.knownHosts)
    await copyInto(host, guest.kernel, '/srv/vmlinuz')
    await copyInto(host, guest.initramfs, '/srv/initramfs')
    host.write('/opt/pve/qm', readFileSync(join(import.meta.dirname, 'qm'), 'utf8'), 0o755)
    host.write(timesFile, timesText())
    host.write(vmFile, vmConfig)
    host.write(
      '/etc/pve/.vmlist',
      JSON.stringify({ version: 1, ids: { 102: { node: 'pve1', type: 'qemu', version: 1 } } }),
    )
    await host.ask(
      'mkdir -p /run/qemu-server /var/lock/qemu-server && truncate -s 1M /srv/disk && ' +
        'qemu-nbd --fork --persistent --shared=8 -f raw -k /run/disk.sock --pid-file=/run/disk.pid /srv/disk',
    )
    const which = ['--vm', 'devvm', '--vmid', '102', '--key', key.line, '--from', '127.0.0.1']
    const installed = await host.install(...which)
    if (installed.code !== 0) throw new Error(`the installer said: ${installed.stdout}${installed.stderr}`)
    const written = `${host.read(conf)}\ntools=/opt/pve\n`
    host.write(conf, written)
    await host.startSshd()
    const options = ['-i', key.file, '-p', String(host.port), '-o', `UserKnownHostsFile=${knownHosts}`]
    return withVm(host, written, options)
  } catch (error) {
    await host.stop()
    throw error
  }
}

async function copyInto(host: HypervisorRoot, file: string, path: string): Promise<void> {
  host.write(`${path}.base64`, readFileSync(file, 'base64'))
  await host.ask(`base64 -d ${path}.base64 >${path} && rm ${path}.base64`)
}

/** `written` is the conf as the installer left it, `options` are for ssh. */
function withVm(host: HypervisorRoot, written: string, options: string[]): Hypervisor {
  const pidLine = 'pid=$(cat /run/qemu-server/102.pid)'
  return {
    ...host,
    qm: (text) => host.ask(`/opt/pve/qm ${text}`),
    request: (text) => sendRequest(options, text),
    boots: () =>
      [...(host.read(serialFile) ?? '').matchAll(/^guest up: memory (\d+) kB, boot (\S+)/gm)].map(
        ([, memory, boot = '']) => ({ memoryKb: Number(memory), boot }),
      ),
    configure(key, value, when = 'now') {
      const text = host.read(vmFile) ?? ''
      const line = `${key}: ${value}\n`
      host.write(vmFile, when === 'now' ? line + text : `${text}[PENDING]\n${line}`)
    },
    async signal(name) {
      await host.ask(`${pidLine} && kill -${name} "$pid"`)
    },
    async signalDisk(name) {
      await host.ask(`kill -${name} "$(cat /run/disk.pid)"`)
    },
    pid: async () => Number(await host.ask(`${pidLine} && test -e "/proc/$pid" && echo "$pid"`)),
    async simulateDState() {
      await host.ask(
        `set -e; ${pidLine}; mkdir -p /opt/proc; mount --bind /proc /opt/proc
        for file in stat status task/$pid/stat; do
          sed -e '1s/) [A-Z] /) D /' -e 's/^State:.*/State:	D (disk sleep)/' "/proc/$pid/$file" >/srv/$$
          mv /srv/$$ "/srv/$pid-\${file##*/}"
          mount --bind "/srv/$pid-\${file##*/}" "/opt/proc/$pid/$file"
        done`,
      )
      host.write(conf, `${written}proc=/opt/proc\n`)
    },
    waits: (own) => host.write(timesFile, timesText(own)),
    async restore() {
      host.write(timesFile, timesText())
      host.write(conf, written)
      await host.run('umount -l /opt/proc')
      await host.ask('kill -CONT "$(cat /run/disk.pid)"')
      host.write(vmFile, vmConfig)
      // A process that is stopped is what a failed test left.
      const { stdout } = await host.run(`${pidLine} && cut -d ' ' -f 3 "/proc/$pid/stat"`)
      if (stdout.trim() === 'T')
        await host.ask(`${pidLine}; kill -KILL "$pid"; while test -e "/proc/$pid"; do sleep 0.1; done`)
      return ['', 'T', 'Z'].includes(stdout.trim())
    },
  }
}
