import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface HostRun {
  code: number | null
  stdout: string
  stderr: string
  /** The script's last line. */
  end: Record<string, unknown>
}

export interface HostScript {
  dir: string
  conf: string
  /** Folder with the simulated VM's files: `state`, `wedge`, `lock`, `starts`. */
  vm: string
  /** Sends one request, as sshd would. */
  request(command: string, env?: Record<string, string>): Promise<HostRun>
  /** The same, without waiting; the process is the caller's to kill. */
  start(command: string): ReturnType<typeof spawn>
  /** Every call of qm so far, as its arguments. */
  calls(): Promise<string[]>
  /** Replaces what is called as qm. */
  replaceQm(script: string): Promise<void>
  remove(): Promise<void>
}

const app = resolve(import.meta.dirname, '../../app')
const countingQm = '#!/bin/sh\necho "$*" >>"${0%/*}/calls"\nexec "${0%/*}/vm/qm" "$@"\n'

/** The real host scripts in a folder of their own, over the demo's simulated qm, which notes every call. */
export async function hostScript(scripts = join(app, 'power/host')): Promise<HostScript> {
  const dir = await mkdtemp(join(tmpdir(), 'breakglass-host-'))
  const vm = await mkdtemp(join(dir, 'vm-'))
  await symlink(vm, join(dir, 'vm'))
  await symlink(join(app, 'demo/qm'), join(vm, 'qm'))
  const qm = join(dir, 'qm')
  const conf = join(dir, 'vm.conf')
  const forcedCommand = [join(scripts, 'breakglass-pve'), conf, join(scripts, 'breakglass-vm')] as const
  const folders = `tools=${dir}\npve=${dir}/pve\nrun=${dir}\nstate=${dir}/state\nkeep=${dir}/keep`
  await mkdir(join(dir, 'pve'))
  await writeFile(join(dir, 'pve/.vmlist'), vmList(hostname()))
  await writeFile(conf, `# a comment\n\nvmid=100\n${folders}\n`)

  const self: HostScript = {
    dir,
    conf,
    vm,
    start: (command) =>
      spawn(forcedCommand[0], forcedCommand.slice(1), {
        env: { SSH_ORIGINAL_COMMAND: command },
        stdio: 'pipe',
      }),
    request: (command, env = {}) => run([...forcedCommand], { ...env, SSH_ORIGINAL_COMMAND: command }, dir),
    async calls() {
      const text = await readFile(join(dir, 'calls'), 'utf8').catch(() => '')
      return text.split('\n').filter(Boolean)
    },
    async replaceQm(script) {
      await writeFile(qm, script)
      await chmod(qm, 0o755)
    },
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  }
  await self.replaceQm(countingQm)
  return self
}

/** Where the cluster's file system says that VM 100 is. */
export function vmList(node: string): string {
  return `{\n"version": 4,\n"ids": {\n"100": { "node": "${node.split('.')[0]}", "type": "qemu", "version": 3 }}\n}\n`
}

/** Runs a program to its end; `end` is its last line of stdout as JSON, or empty. */
export function run(argv: string[], env: Record<string, string>, cwd = '/'): Promise<HostRun> {
  const { promise, resolve: done, reject } = Promise.withResolvers<HostRun>()
  const [program = '', ...args] = argv
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.on('error', reject)
  child.on('close', (code) => {
    const last = stdout.trimEnd().split('\n').at(-1) ?? ''
    done({ code, stdout, stderr, end: last.startsWith('{') ? JSON.parse(last) : {} })
  })
  return promise
}
