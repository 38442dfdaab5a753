import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run, vmList, type HostRun } from './hostScript.ts'

const scripts = resolve(import.meta.dirname, '../../app/power/host')
const tools = ['qm', 'pvecm', 'ha-manager', 'pvesm']

/** The real host scripts on a Proxmox VE host that exists in a folder: the tools are stand-ins, their VM a process. */
export class PveHost {
  /** The VM's process. */
  readonly pid: number
  readonly dir: string
  /** What the dispatcher is called by, when not by sshd's own words. */
  forcedCommand: string[]
  private readonly children: ChildProcess[] = []

  private constructor(dir: string, pid: number) {
    this.dir = dir
    this.pid = pid
    this.forcedCommand = [this.at('bin/breakglass-pve'), this.at('vm.conf'), this.at('bin/breakglass-vm')]
  }

  static async start(): Promise<PveHost> {
    const dir = await mkdtemp(join(tmpdir(), 'breakglass-pve-'))
    for (const folder of ['faults', 'lock', 'pve/qemu-server'])
      await mkdir(join(dir, folder), { recursive: true })
    for (const tool of tools) await symlink(join(import.meta.dirname, 'pve', tool), join(dir, tool))
    // For a test that puts something of its own before it.
    await symlink(join(import.meta.dirname, 'pve/qm'), join(dir, 'real-qm'))
    await cp(scripts, join(dir, 'bin'), { recursive: true })
    await substitute(join(dir, 'bin/breakglass-lib'), /^lock_folder=.*$/m, `lock_folder=${dir}/lock`)
    const folders = `tools=${dir}\npve=${dir}/pve\nrun=${dir}\nstate=${dir}/state/vm\nkeep=${dir}/keep`
    await writeFile(join(dir, 'vm.conf'), `vmid=100\n${folders}\n`)
    await writeFile(join(dir, 'pve/.vmlist'), vmList(hostname()))
    await writeFile(join(dir, 'pve/corosync.conf'), '')
    // pmxcfs has a link here, whose mode says whether there is quorum; the mode of a file can be set.
    await writeFile(join(dir, 'pve/local'), '')
    const disks = 'scsi0: nfs1:100/vm-100-disk-0.qcow2,size=32G\nide2: none,media=cdrom\n'
    await writeFile(join(dir, 'pve/qemu-server/100.conf'), `name: vm\n${disks}`)
    spawnSync(join(dir, 'qm'), ['start', '100'])
    const pid = Number(await readFile(join(dir, '100.pid'), 'utf8'))
    await writeFile(join(dir, 'calls'), '')
    return new PveHost(dir, pid)
  }

  at(path: string): string {
    return join(this.dir, path)
  }

  /** Breaks something: the stand-ins look for a file of this name. */
  async fault(name: string, text = ''): Promise<void> {
    await writeFile(this.at(`faults/${name}`), `${text}\n`)
  }

  async loseQuorum(): Promise<void> {
    await chmod(this.at('pve/local'), 0o555)
  }

  /** Puts a shell script in the place of a tool, or of any program on the way to it. */
  async replaceTool(name: string, body: string): Promise<void> {
    await rm(this.at(name), { force: true })
    await writeFile(this.at(name), `#!/bin/sh\n${body}\n`)
    await chmod(this.at(name), 0o755)
  }

  async configure(line: string): Promise<void> {
    await appendFile(this.at('vm.conf'), `${line}\n`)
  }

  /** Starts a process that ends with the host. */
  keepRunning(program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    this.children.push(child)
    return child
  }

  request(command: string, env: Record<string, string> = {}): Promise<HostRun> {
    return run(this.forcedCommand, { ...env, SSH_ORIGINAL_COMMAND: command })
  }

  /** What the scripts called that changes a VM. What HA's own daemons do is not theirs. */
  async acts(): Promise<string[]> {
    const calls = (await readFile(this.at('calls'), 'utf8')).split('\n')
    return calls.filter((call) => /^qm (stop|start|reset) 100$|^ha-manager (crm|set)/.test(call))
  }

  async remove(): Promise<void> {
    for (const { pid } of this.children) if (pid) endGroup(pid)
    const started = (await readFile(this.at('processes'), 'utf8').catch(() => '')).split('\n').filter(Boolean)
    for (const pid of started) end(Number(pid))
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
  }
}

/** Replaces what a test must be able to move: a constant of a script, in a copy of it. */
export async function substitute(file: string, pattern: RegExp, text: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  if (!pattern.test(before)) throw new Error(`${file} has no ${pattern}`)
  await writeFile(file, before.replace(pattern, text))
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
const endGroup = (pid: number): void => end(-pid)
