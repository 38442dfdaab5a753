import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startDemo } from '#app/demo/startDemo.ts'
import { PowerService } from '#app/power/PowerService.ts'
import { powerVm } from '#app/power/PowerVm.ts'
import { runProcess } from '#app/ssh/runProcess.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import { runPreset, type PresetEnd } from '../fakes/runPreset.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'presets-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs commands by other words than `sh -c`, with the command as the last argument. */
function runnerBy(argv: [string, ...string[]], env?: Record<string, string>): () => Runner {
  const runner: Runner = {
    exec: ({ command, ...request }) =>
      runProcess({ ...request, argv: [...argv, command], ...(env && { env }) }),
  }
  return () => runner
}

/** A machine where some programs are played from recordings, and the rest is this one. */
function machineWith(programs: Record<string, string>): () => Runner {
  const bin = mkdtempSync(join(folder, 'bin-'))
  for (const [name, output] of Object.entries(programs)) {
    writeFileSync(join(bin, `${name}.txt`), output)
    writeFileSync(join(bin, name), `#!/bin/sh\nexec cat ${join(bin, `${name}.txt`)}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return runnerBy(['/bin/sh', '-c'], { PATH: `${bin}:${process.env.PATH}` })
}

function succeeds(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const troubles = ({ findings }: PresetEnd) => findings.filter(({ level }) => level !== 'ok')
const dfPercent = (path: string) =>
  Number(/(\d+)% \S+\s*$/.exec(execFileSync('df', ['-P', path], { encoding: 'utf8' }))?.[1])

describe('this machine', () => {
  test('each disk preset gives / with the percentage that df prints', async () => {
    for (const preset of ['triage', 'disk']) {
      const { findings } = await runPreset({ preset })
      const root = findings.find(({ probe, text }) => probe === 'disk' && text.startsWith('/ is '))
      expect(root).toMatchObject({ unit: '%' })
      // Others write to the same disk meanwhile.
      expect(Math.abs(Number(root?.value) - dfPercent('/'))).toBeLessThanOrEqual(1)
    }
  })

  test('Triage samples twice, a second apart', async () => {
    const begin = performance.now()
    const { findings } = await runPreset({ preset: 'triage' })
    expect(performance.now() - begin).toBeGreaterThan(1000)
    expect(findings.find(({ probe }) => probe === 'cpu')).toMatchObject({ unit: '%' })
  })

  test('each preset ends in a text, and every finding has a value or says that it could not check', async () => {
    for (const preset of ['triage', 'memory', 'disk', 'services']) {
      const { findings, text, isError } = await runPreset({ preset })
      expect(isError).toBe(false)
      expect(text).not.toBe('')
      for (const finding of findings) {
        expect(finding.text.startsWith('Could not check ')).toBe(finding.value === undefined)
      }
    }
  })
})

const canMount = succeeds('unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=1m probe ${tmpdir()}`)
test('a filled filesystem is found, by Triage and by Disk, with its percentage', async ({ skip }) => {
  skip(!canMount, 'this account may not mount in a namespace of its own')
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch)
  const fill = `mount -t tmpfs -o size=4m scratch ${scratch} && head -c 8m /dev/zero >${scratch}/fill 2>/dev/null; exec sh -c "$0"`
  const runnerOf = runnerBy(['unshare', '-m', 'sh', '-c', fill])
  for (const preset of ['triage', 'disk']) {
    const end = await runPreset({ preset, runnerOf })
    const found = end.findings.find(({ text }) => text.startsWith(`${scratch} is`))
    expect(found).toMatchObject({ level: 'crit', value: 100, unit: '%' })
    expect(end.text).toContain(`${scratch} is 100 % full`)
  }
})

const memoryGroups = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find(
  (one) => existsSync(join(one, 'memory.stat')) || existsSync(join(one, 'memory.pressure')),
)
const limitFile = memoryGroups?.endsWith('memory') ? 'memory.limit_in_bytes' : 'memory.max'

/** Makes a group with a memory limit of 31 MB; null where this account may not, or the machine has no such thing. */
function limitedGroup(): string | null {
  if (memoryGroups === undefined) return null
  const group = join(memoryGroups, `breakglass-test-${process.pid}`)
  try {
    mkdirSync(group)
    writeFileSync(join(group, limitFile), String(31 * 1024 ** 2))
    return group
  } catch {
    if (existsSync(group)) rmdirSync(group)
    return null
  }
}

test('a memory hog that is about to go over its limit is found', async ({ skip }) => {
  const group = limitedGroup()
  if (group === null) return skip('this account may not make control groups with a memory limit')
  // Its one buffer of 28 MB is all that it takes: close to the limit, never over it.
  const take = `echo $$ >${join(group, 'cgroup.procs')} && exec dd if=/dev/zero of=/dev/null bs=28M`
  const hog = spawn('sh', ['-c', take], { stdio: 'ignore' })
  const gone = once(hog, 'exit')
  onTestFinished(async () => {
    hog.kill('SIGKILL')
    await gone
    await vi.waitFor(() => rmdirSync(group))
  })
  const used = () =>
    Number(/^(?:anon|total_rss) (\d+)$/m.exec(readFileSync(join(group, 'memory.stat'), 'utf8'))?.[1])
  await vi.waitFor(() => expect(used()).toBeGreaterThan(28 * 1024 ** 2), { timeout: 10_000 })
  hog.kill('SIGSTOP')
  const { findings, text } = await runPreset({ preset: 'memory' })
  const found = findings.find(({ probe }) => probe === 'cgroups')
  expect(found).toMatchObject({ level: 'warn', unit: '%' })
  expect(found?.text).toContain(`breakglass-test-${process.pid}`)
  expect(text).toContain('of its memory limit')
})

describe('recorded trouble', () => {
  const now = Math.floor(Date.now() / 1000)

  test('a kill for want of memory in the journal', async () => {
    const journalctl = `${now - 300}.104512 web kernel: node invoked oom-killer: gfp_mask=0x140cca, order=0
${now - 300}.104533 web kernel: Out of memory: Killed process 4711 (node) total-vm:9120044kB, anon-rss:7900112kB
`
    for (const preset of ['triage', 'memory', 'services']) {
      const end = await runPreset({ preset, runnerOf: machineWith({ journalctl, dmesg: '' }) })
      expect(troubles(end)).toContainEqual(
        expect.objectContaining({ level: 'crit', value: 1, unit: 'kills' }),
      )
      expect(end.text).toMatch(
        /Out of memory: the kernel killed 1 process \d minutes ago: node \(pid 4711\)\./,
      )
    }
  })

  test('a failed unit', async () => {
    const systemctl = `degraded
nginx.service loaded failed failed A high performance web server and a reverse proxy server

Id=nginx.service
Result=exit-code
ExecMainStatus=1
NRestarts=0
`
    for (const preset of ['triage', 'services']) {
      const end = await runPreset({ preset, runnerOf: machineWith({ systemctl }) })
      expect(troubles(end)).toContainEqual(expect.objectContaining({ probe: 'units', value: 'failed' }))
      expect(end.text).toContain('nginx.service has failed: it ended with exit code 1.')
    }
  })

  test('processes that hang, and disks that fail', async () => {
    const ps = [
      '1001 1 backup D 00:00:00 10:00 2048 rsync',
      '1002 1 www-data D 00:00:00 10:00 2048 df',
      '1001 D 00:00:00',
      '1002 D 00:00:00',
    ]
    const dmesg = `[    1.0] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0`
    const runnerOf = machineWith({ ps: `${ps.join('\n')}\n`, dmesg: `${dmesg}\n` })
    const end = await runPreset({ preset: 'triage', runnerOf })
    expect(end.text).toContain('2 processes hang on a disk or a network filesystem (D state)')
    expect(end.text).toContain('a disk or filesystem error')
  })
})

const hasBusybox = succeeds('busybox', 'true')
test('busybox, without systemd: what is there is checked, the rest is said', async ({ skip }) => {
  skip(!hasBusybox, 'there is no busybox')

  const bin = mkdtempSync(join(folder, 'busybox-'))
  execFileSync('busybox', ['--install', '-s', bin])
  const runnerOf = runnerBy([join(bin, 'sh'), '-c'], { PATH: bin })
  const triage = await runPreset({ preset: 'triage', runnerOf })
  const probes = (some: PresetEnd['findings']) => [...new Set(some.map(({ probe }) => probe))]
  expect(probes(triage.findings.filter(({ value }) => value !== undefined))).toEqual(
    expect.arrayContaining(['cpu', 'memory', 'processes', 'disk', 'inodes', 'limits', 'clock']),
  )
  expect(triage.findings).toContainEqual(
    expect.objectContaining({
      probe: 'units',
      level: 'ok',
      text: 'Could not check the services: neither systemd nor OpenRC runs there.',
    }),
  )
  const services = await runPreset({ preset: 'services', runnerOf })
  expect(services.text).toContain('services')
  expect(services.text).toContain('neither systemd nor OpenRC runs there')
})

/** A sound Debian with systemd, by what each program of Triage prints there. */
const sound: [asks: RegExp, prints: string][] = [
  [
    /^grep -E '\^cpu/,
    'cpu  10628 0 6037 251221 859 0 221 26 0 0\ncpu0 1 0 1 1 1 0 0 0 0 0\ncpu1 1 0 1 1 1 0 0 0 0 0\n0.36 0.13 0.12 2/97 10513\ncpu  10636 0 6037 251413 859 0 221 26 0 0\n',
  ],
  [
    /^cat .proc.meminfo/,
    'MemTotal: 16000000 kB\nMemAvailable: 12320000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n',
  ],
  [/^ps /, '  1 0 root Ss 00:00:05 2-01:31:37 19616 systemd\n  1 Ss 00:00:05\n'],
  [
    /df -P$/,
    '==> /proc/mounts <==\n/dev/sda1 / ext4 rw 0 0\n==> /etc/fstab <==\n\n/dev/sda1 1000000 140000 860000 14% /\n',
  ],
  [/df -Pi$/, '/dev/sda1 / ext4 rw 0 0\n/dev/sda1 16777216 443819 16333397 3% /\n'],
  [/dmesg/, `oom_kill 0\n[    1.5] EXT4-fs (sda1): mounted filesystem\n`],
  [/systemctl/, 'running\n'],
  [
    /file-nr/,
    '==> /proc/sys/fs/file-nr <==\n763 0 2466170\n==> /proc/sys/kernel/pid_max <==\n4194304\n==> /proc/loadavg <==\n0.02 0.05 0.08 2/97 10513\n==> /proc/uptime <==\n264000.5 1.0\n',
  ],
  [/ip route/, 'default via 192.0.2.1 dev eth0\nnameserver 192.0.2.53\n'],
]

test('a sound machine gets one calm sentence, and nothing above ok', async () => {
  const exec: Runner['exec'] = ({ command, onOutput }) => {
    const stdout =
      sound.find(([asks]) => asks.test(command))?.[1] ??
      `NTPSynchronized=yes\n${Math.floor(Date.now() / 1000)}\n`
    void onOutput?.('stdout', stdout)
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', truncated: false, durationMs: 12 })
  }
  const end = await runPreset({ preset: 'triage', target: 'web', runnerOf: () => ({ exec }) })
  expect(troubles(end)).toEqual([])
  expect(end.text.split('\n')[0]).toBe(
    'Triage finds no trouble on web: processors 4 % busy, memory 23 % used, / 14 % full, nothing killed for want of memory, no failed service and up for 3 days.',
  )
})

test('a stuck VM of the demo is found, with what helps; a sound one is not', async () => {
  const logger = pino({ level: 'silent' })
  const demo = await startDemo({ dataDir: mkdtempSync(join(folder, 'demo-')), logger })
  const pool = new SshPool()
  onTestFinished(async () => {
    pool.close()
    await demo.stop()
  })
  const power = new PowerService({ vms: [powerVm(demo.vm, pool)], logger })
  const run = { preset: 'qemu', vmOfTarget: () => demo.vm, power }

  const sound = await runPreset(run)
  expect(troubles(sound)).toEqual([])
  expect(sound.text).toMatch(/^QEMU wedged finds no trouble on local: Demo VM runs and QEMU answers\./)

  writeFileSync(join(demo.folder, 'wedge'), '')
  const stuck = await runPreset(run)
  expect(troubles(stuck)).toMatchObject([{ probe: 'vm', level: 'crit', value: 'wedged' }])
  expect(stuck.text).toMatch(/^Demo VM is wedged: /)
  expect(stuck.text).toContain('Cycle Demo VM from its sheet, not Reset')
})
