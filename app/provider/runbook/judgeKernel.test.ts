import { expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeKernel } from './judgeKernel.ts'
import { judgeOom } from './judgeOom.ts'

const thresholds = { segfaults_per_h: { warn: 20, crit: 200 } }
const now = 1_795_219_464
const clock = `${now}\n90000.25 180000.50\noom_kill 0\n`
const last = `${now - 90_000}.000001 web kernel: EXT4-fs (sda1): mounted filesystem\n`

function kernel(lines: string, stderr = '') {
  return judgeKernel(probeOutput(clock + last + lines, { stderr }), thresholds)
}

const oom = (at: number, pid: number, name: string) =>
  `${at}.104512 web kernel: Out of memory: Killed process ${pid} (${name}) total-vm:9120044kB, anon-rss:7900112kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:15640kB oom_score_adj:0`

test('a kill for want of memory within the hour is critical and names its victim', () => {
  const found = kernel(`${oom(now - 721, 4711, 'node')}\n`)
  expect(found).toMatchObject([
    {
      level: 'crit',
      topic: 'memory',
      value: 1,
      text: 'Out of memory: the kernel killed 1 process 12 minutes ago: node (pid 4711).',
    },
  ])
})

test('one of yesterday is worth a look, one of two days ago is none', () => {
  expect(kernel(`${oom(now - 7200, 1, 'java')}\n`)).toMatchObject([{ level: 'warn' }])
  expect(kernel(`[ 4000.000000] Out of memory: Killed process 1 (java)\n`)).toMatchObject([
    { level: 'warn', text: 'Out of memory: the kernel killed 1 process 23 hours ago: java (pid 1).' },
  ])
  const old = `172800\n400000.00 1.00\n[  100.000000] Out of memory: Killed process 1 (java)\n`
  expect(judgeKernel(probeOutput(old), thresholds)).toMatchObject([{ level: 'ok', topic: 'kernel' }])
})

test('journal and dmesg tell the same kill once', () => {
  const text = 'Out of memory: Killed process 4711 (node)'
  expect(kernel(`${now - 60}.5 web kernel: ${text}\n[89940.100000] ${text}\n`)).toMatchObject([{ value: 1 }])
})

test('the last line of the log, which is printed to show that there is one, does not count twice', () => {
  const line = oom(now - 60, 4711, 'node')
  expect(kernel(`${line}\n${line}\n`)).toMatchObject([{ value: 1 }])
})

test('a kill by the limit of a service says so, with the two lines of an older kernel counted once', () => {
  const found =
    kernel(`[89990.5] Memory cgroup out of memory: Kill process 99 (dd) score 1900 or sacrifice child
[89990.6] Killed process 99 (dd) total-vm:30000kB\n`)
  expect(found).toMatchObject([{ level: 'crit', value: 1 }])
  const newer = kernel('[89990.5] Memory cgroup out of memory: Killed process 99 (dd) total-vm:30000kB\n')
  expect(newer[0]).toMatchObject({ text: expect.stringContaining('a limit of its own service') as string })
})

const messages: [text: string, level: string, topic: string][] = [
  [
    'EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0',
    'crit',
    'disk',
  ],
  ['blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ) flags 0x0', 'crit', 'disk'],
  ['nvme nvme0: I/O 123 QID 4 timeout, aborting', 'crit', 'disk'],
  ['XFS (sdb1): Corruption of in-memory data detected. Shutting down filesystem', 'crit', 'disk'],
  ['INFO: task jbd2/sda1-8:312 blocked for more than 120 seconds.', 'crit', 'disk'],
  ['nfs: server nas not responding, still trying', 'crit', 'disk'],
  ['nfs: server nas OK', 'warn', 'disk'],
  ['watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]', 'crit', 'kernel'],
  ['rcu: INFO: rcu_sched self-detected stall on CPU', 'crit', 'kernel'],
  ['mce: [Hardware Error]: Machine check events logged', 'warn', 'kernel'],
  ['mce: Uncorrected hardware memory error in user-access at 3f8a1c0', 'crit', 'kernel'],
]
test.each(messages)('%s → %s', (text, level, topic) => {
  expect(kernel(`${now - 30}.000001 web kernel: ${text}\n`)).toMatchObject([
    { level: 'ok' },
    { level, topic },
  ])
})

test.each([
  'Command line: quiet panic=1 rcupdate.rcu_cpu_stall_cputime=1',
  'nvme nvme0: Shutdown timeout set to 8 seconds',
  'I/O error, dev fd0, sector 0 op 0x0:(READ)',
  'Buffer I/O error on dev sr0, logical block 0, async page read',
  'XFS (sda1): Mounting V5 Filesystem',
  'mce: CPU supports 22 MCE banks',
  'cron[11]: segfault at 0 ip 0000 sp 0000 error 4',
])('%s is no trouble', (text) => {
  expect(kernel(`[89990.5] ${text}\n`).every((one) => one.kind === 'checked' && one.level === 'ok')).toBe(
    true,
  )
})

test('many crashes in an hour are told with the programs that crashed', () => {
  const lines = Array.from(
    { length: 25 },
    (_, at) => `[89990.${at}] php-fpm[${at}]: segfault at 0 ip 0 sp 0 error 4`,
  )
  expect(kernel(lines.join('\n'))).toMatchObject([
    { level: 'ok' },
    { level: 'warn', value: 25, text: '25 programs crashed in the last hour: php-fpm.' },
  ])
})

test('dates in words have no age: they are told as of the last day', () => {
  expect(kernel('Nov 20 02:11:09 web kernel: Out of memory: Killed process 7 (java)\n')).toMatchObject([
    { level: 'warn', text: 'Out of memory: the kernel killed 1 process in the last day: java (pid 7).' },
  ])
})

test('where neither journal nor dmesg may be read that is said, and the counter still speaks', () => {
  const stderr =
    'Hint: You are currently not seeing messages from other users and the system.\ndmesg: read kernel buffer failed: Operation not permitted\n'
  const found = judgeKernel(probeOutput(clock.replace('oom_kill 0', 'oom_kill 2'), { stderr }), thresholds)
  expect(found).toMatchObject([
    { level: 'warn', value: 2 },
    { kind: 'unchecked', what: 'the kernel log', matters: true },
  ])
  expect(
    judgeOom(probeOutput('', { stderr: 'sh: journalctl: not found\nsh: dmesg: not found' })),
  ).toMatchObject([{ kind: 'unchecked', matters: false }])
})

test.each(['[    1.485750] EXT4-fs (vda): mounted', `${now}.000001 web kernel: EXT4-fs (sda1): mounted`])(
  'one readable way is enough (%s)',
  (line) => {
    const stderr = 'No journal files were found.\ndmesg: read kernel buffer failed: Operation not permitted\n'
    expect(judgeKernel(probeOutput(`${clock}${line}\n`, { stderr }), thresholds)).toMatchObject([
      { level: 'ok', value: 0 },
      { level: 'ok', text: 'No trouble in the kernel log of the last day.' },
    ])
  },
)
