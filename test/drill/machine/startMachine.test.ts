import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { allCases } from '../allCases.ts'
import { whyNoDrill } from '../whyNoDrill.ts'
import { startMachine } from './startMachine.ts'

const fewInodes = allCases.find(({ machine }) => machine?.fewInodes)
const missing = fewInodes && whyNoDrill(fewInodes)

const groups = (pid = process.pid) => globSync(`/sys/fs/cgroup/{,memory/}breakglass-drill-${pid}-*`)
const loops = (folder: string) =>
  globSync('/sys/block/loop*/loop/backing_file').filter((file) => read(file).startsWith(folder))

/** For what machines put into the folder for temporary files. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'machine-'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
  return folder
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // Gone meanwhile.
  }
}

describe('a throw-away machine', () => {
  test('leaves nothing behind', async ({ skip }) => {
    skip(missing !== undefined, missing)
    const folder = ownFolder()
    vi.stubEnv('TMPDIR', folder)
    const machine = await startMachine({ fewInodes: true })
    expect(await machine.ask('stat -c %m /srv')).toBe('/srv')
    expect(readdirSync(folder)).toHaveLength(1)
    await machine.stop()
    expect(readdirSync(folder)).toEqual([])
    expect(groups()).toEqual([])
    expect(read('/proc/self/mounts')).not.toContain(folder)
    await vi.waitFor(() => expect(loops(folder)).toEqual([]))
  })

  test('ends with the process that started it, however that ends', async ({ skip }) => {
    skip(missing !== undefined, missing)
    const program = `
      const { startMachine } = await import(${JSON.stringify(join(import.meta.dirname, 'startMachine.ts'))})
      const machine = await startMachine({ fewInodes: true })
      console.log(await machine.ask('readlink /proc/self/ns/net'))
      setInterval(() => undefined, 1000)`
    const folder = ownFolder()
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder },
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const namespace = line.toString().trim()
    expect(processesIn(namespace)).not.toEqual([])
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(processesIn(namespace)).toEqual([]))
    await vi.waitFor(() => expect(loops(folder)).toEqual([]))
    await (await startMachine()).stop()
    expect(groups(child.pid), 'control groups that the next machine has not cleared').toEqual([])
  })

  test('cannot set the clock, load a module, or write to this machine’s /usr', async ({ skip }) => {
    skip(missing !== undefined, missing)
    const machine = await startMachine({ mayMount: true })
    const ssh = (command: string) =>
      new Promise<number | null>((resolve) => {
        const own = ['-i', machine.keyFile, '-p', String(machine.port), '-o', 'StrictHostKeyChecking=no']
        const quiet = ['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR']
        const child = spawn('ssh', [...own, ...quiet, 'root@127.0.0.1', command], { stdio: 'ignore' })
        child.on('exit', resolve)
      })
    try {
      expect(await ssh('true')).toBe(0)
      expect(await ssh('date -s 2001-01-01')).not.toBe(0)
      expect(await ssh('mknod /tmp/disk b 254 0')).not.toBe(0)
      await ssh('mount -o remount,rw /usr; mount -o remount,rw,bind /usr; touch /usr/drill-was-here')
      expect(existsSync('/usr/drill-was-here')).toBe(false)
      expect(machine.commands()).toHaveLength(4)
    } finally {
      await machine.stop()
    }
  })
})

/** Numbers of the processes in this network: the machine's, and its name server. */
function processesIn(namespace: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readlinkSync(`/proc/${name}/ns/net`) === namespace
    } catch {
      return false // Ended meanwhile.
    }
  })
}
