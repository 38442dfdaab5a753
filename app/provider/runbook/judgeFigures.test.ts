import { describe, expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeCgroups } from './judgeCgroups.ts'
import { judgeClock } from './judgeClock.ts'
import { judgeCpu } from './judgeCpu.ts'
import { judgeLimits } from './judgeLimits.ts'
import { judgeMemory } from './judgeMemory.ts'
import { judgeLookup, judgeRoutes } from './judgeNetwork.ts'
import { judgePressure } from './judgePressure.ts'
import { judgeDeleted, judgeSizes } from './judgeSpace.ts'

const percent = (warn: number, crit: number) => ({ warn, crit })

describe('processors', () => {
  const thresholds = {
    busy_percent: percent(95, 99),
    load_per_core: percent(4, 16),
    iowait_percent: percent(60, 90),
    steal_percent: percent(25, 60),
  }
  // user nice system idle iowait irq softirq steal guest guest_nice
  const cpu = (second: string, load: string) =>
    `cpu  10628 0 6037 251221 859 0 221 26 0 0\ncpu0 1 0 1 1 1 0 0 0 0 0\ncpu1 1 0 1 1 1 0 0 0 0 0\n${load} 2/97 10513\ncpu  ${second}\n`

  test('busy is the difference of two samples, not the sum since boot', () => {
    const found = judgeCpu(
      probeOutput(cpu('10678 0 6037 251371 859 0 221 26 0 0', '0.36 0.13 0.12')),
      thresholds,
    )
    expect(found).toMatchObject([
      { level: 'ok', value: 25, text: 'The processors are 25 % busy on 2 cores, load 0.36 0.13 0.12.' },
      { level: 'ok', value: 0 },
      { level: 'ok', value: 0 },
    ])
  })

  test('busy now and a long queue: they cannot keep up', () => {
    const found = judgeCpu(
      probeOutput(cpu('10828 0 6037 251221 859 0 221 26 0 0', '9.10 8.00 2.00')),
      thresholds,
    )
    expect(found[0]).toMatchObject({ level: 'warn', value: 100 })
  })

  test('busy for a second with no queue is no trouble', () => {
    const found = judgeCpu(
      probeOutput(cpu('10828 0 6037 251221 859 0 221 26 0 0', '1.10 0.50 0.20')),
      thresholds,
    )
    expect(found[0]).toMatchObject({ level: 'ok', value: 100 })
  })

  test('waiting for disks, stolen time, and a load of processes that wait', () => {
    const found = judgeCpu(
      probeOutput(cpu('10628 0 6037 251221 989 0 221 96 0 0', '40.00 20.00 9.00')),
      thresholds,
    )
    expect(found).toMatchObject([
      { level: 'ok', value: 35 },
      { level: 'warn', topic: 'disk', value: 65 },
      { level: 'warn', topic: 'cpu', value: 35 },
      { level: 'warn', topic: 'disk', value: 40 },
    ])
  })

  test('a counter that ran backwards, or one sample alone, says nothing: null and not 0', () => {
    for (const text of [cpu('1 0 1 1 1 0 0 0 0 0', '0.1 0.1 0.1'), 'cpu  1 2 3 4 5 6 7 8\n'])
      expect(judgeCpu(probeOutput(text), thresholds)).toMatchObject([{ kind: 'unchecked' }])
  })

  test('a kernel without iowait and steal has no figures for them', () => {
    const text = 'cpu  1 2 3 100\ncpu0 1 2 3 4\n0.10 0.10 0.10 1/2 3\ncpu  51 2 3 150\n'
    expect(judgeCpu(probeOutput(text), thresholds)).toMatchObject([{ value: 50 }])
  })
})

describe('pressure', () => {
  const thresholds = { memory_percent: percent(10, 40), io_percent: percent(60, 90) }
  const sample = (uptime: string, memoryTotal: number, avg10: string) => `==> /proc/uptime <==
${uptime} 3559.98

==> /proc/pressure/cpu <==
some avg10=1.15 avg60=0.59 avg300=0.73 total=39847617

==> /proc/pressure/memory <==
some avg10=${avg10} avg60=0.00 avg300=0.00 total=${memoryTotal}
full avg10=${avg10} avg60=0.00 avg300=0.00 total=${memoryTotal}

==> /proc/pressure/io <==
some avg10=0.00 avg60=0.00 avg300=0.00 total=5
full avg10=0.00 avg60=0.00 avg300=0.00 total=5
`

  test('a machine that stands still for want of memory', () => {
    const stdout = sample('100.00', 1_000_000, '41.00') + sample('101.00', 1_500_000, '44.00')
    expect(judgePressure(probeOutput(stdout), thresholds)).toMatchObject([
      {
        level: 'crit',
        topic: 'memory',
        value: 50,
        text: 'For 50 % of the last second all work stood still for want of memory.',
      },
      { level: 'ok', value: 0 },
      { level: 'ok', value: 0 },
    ])
  })

  test('one bad second after ten good ones is none, and old trouble is not told as now', () => {
    const hiccup = sample('100.00', 1_000_000, '2.00') + sample('101.00', 1_900_000, '4.00')
    const over = sample('100.00', 1_000_000, '60.00') + sample('101.00', 1_000_000, '50.00')
    for (const stdout of [hiccup, over])
      expect(judgePressure(probeOutput(stdout), thresholds)[0]).toMatchObject({ level: 'ok' })
  })

  test('an old kernel does not measure it', () => {
    const stderr = "head: cannot open '/proc/pressure/cpu' for reading: No such file or directory"
    expect(
      judgePressure(probeOutput('==> /proc/uptime <==\n1.00 1.00\n', { stderr, exit_code: 1 }), thresholds),
    ).toEqual([
      {
        kind: 'unchecked',
        what: 'pressure (PSI)',
        why: 'this kernel does not measure it (older than 4.20, or switched off)',
        matters: false,
      },
    ])
  })
})

describe('memory', () => {
  const thresholds = { used_percent: percent(90, 97), swap_mb_per_s: percent(5, 50) }
  const meminfo = (available: number, swapFree = 900_000) =>
    `MemTotal:       16000000 kB\nMemFree:          200000 kB\nMemAvailable:   ${available} kB\nSwapTotal:       1000000 kB\nSwapFree:        ${swapFree} kB\n`
  const swap = (inPages: number, outPages: number) =>
    `pswpin 100\npswpout 100\npswpin ${100 + inPages}\npswpout ${100 + outPages}\n`

  test('cache is not use: what counts is what is available', () => {
    expect(judgeMemory(probeOutput(meminfo(12_000_000) + swap(0, 0)), thresholds)).toMatchObject([
      { level: 'ok', value: 25, unit: '%' },
      { level: 'ok', value: 0, unit: 'MB/s' },
    ])
  })

  test('short of memory and swapping', () => {
    expect(judgeMemory(probeOutput(meminfo(160_000, 0) + swap(10_000, 10_000)), thresholds)).toMatchObject([
      { level: 'crit', value: 99, text: expect.stringContaining('Memory is running out') as string },
      { level: 'crit', value: 78, text: expect.stringContaining('swap 100 %') as string },
    ])
  })

  test('a kernel before 3.14 does not say what is available', () => {
    const stdout = 'MemTotal:       16000000 kB\nMemFree:          200000 kB\n'
    expect(judgeMemory(probeOutput(stdout), thresholds)).toMatchObject([
      { kind: 'unchecked', matters: false },
    ])
  })
})

describe('limits of services', () => {
  const thresholds = { used_percent: percent(90, 98) }

  test('the one closest to its limit, by memory that cannot be dropped (v2)', () => {
    const stdout = `/sys/fs/cgroup/system.slice/db.service/memory.max:1000000
/sys/fs/cgroup/system.slice/db.service/memory.stat:anon 950000
/sys/fs/cgroup/system.slice/web.service/memory.max:1000000
/sys/fs/cgroup/system.slice/web.service/memory.stat:anon 10000
/sys/fs/cgroup/system.slice/memory.stat:anon 960000
`
    expect(judgeCgroups(probeOutput(stdout), thresholds)).toMatchObject([
      { level: 'warn', value: 95, text: expect.stringContaining('system.slice/db.service') as string },
    ])
  })

  test('v1 writes no limit as a very large one', () => {
    const stdout =
      '/sys/fs/cgroup/memory/memory.limit_in_bytes:9223372036854771712\n/sys/fs/cgroup/memory/memory.stat:total_rss 25583616\n'
    expect(judgeCgroups(probeOutput(stdout), thresholds)).toMatchObject([
      { level: 'ok', text: 'No service or container has a memory limit of its own.' },
    ])
  })

  test('a grep that cannot search by file name could not check', () => {
    expect(
      judgeCgroups(probeOutput('', { exit_code: 2, stderr: 'grep: unrecognized option' }), thresholds),
    ).toMatchObject([{ kind: 'unchecked' }])
  })
})

describe('clock', () => {
  const thresholds = { offset_s: percent(5, 60) }
  const at = '2026-11-20T03:00:10.400Z'
  const seconds = Date.parse('2026-11-20T03:00:10Z') / 1000
  const clock = (offset: number, ntp = 'NTPSynchronized=yes\n') =>
    judgeClock(probeOutput(`${ntp}${seconds + offset}\n`, { at, duration_ms: 300 }), thresholds)

  test.each([
    [0, 'ok', 0],
    [-1, 'ok', 0],
    [30, 'warn', 30],
    [-3600, 'crit', -3599],
  ])('%s s off → %s', (offset, level, value) => {
    expect(clock(offset)).toMatchObject([{ level, value }])
  })

  test('who keeps it right: NTP, chrony, nobody, nobody knows', () => {
    const kept = (text: string) => clock(0, text).map((one) => (one.kind === 'checked' ? one.text : ''))[0]
    expect(kept('NTPSynchronized=no\n')).toContain('nothing keeps it right')
    expect(kept('NTPSynchronized=no\nLeap status     : Normal\n')).toContain('kept right by NTP')
    expect(kept('')).toContain('could not be checked')
  })

  test('a slow probe is not a clock that is behind', () => {
    expect(judgeClock(probeOutput(`${seconds - 6}\n`, { at, duration_ms: 7000 }), thresholds)).toMatchObject([
      { value: 0 },
    ])
  })
})

describe('limits of the kernel', () => {
  const thresholds = { used_percent: percent(80, 95) }
  const limits = (files: string, loadavg: string) => `==> /proc/sys/fs/file-nr <==
${files}

==> /proc/sys/kernel/pid_max <==
32768

==> /proc/sys/kernel/threads-max <==
95000

==> /proc/loadavg <==
0.02 0.05 0.08 ${loadavg} 10513

==> /proc/uptime <==
240.00 3559.98
`

  test('processes that run out, and a machine that has just been started', () => {
    expect(judgeLimits(probeOutput(limits('763\t0\t2466170', '2/32000')), thresholds)).toMatchObject([
      { level: 'ok', value: 0 },
      {
        level: 'crit',
        value: 98,
        text: 'The kernel runs out of processes and threads: 32000 of 32768 (98 %).',
      },
      { level: 'ok', value: 240, text: 'It has just been started: up for 4 minutes.' },
    ])
  })

  test('what the kernel does not say could not be checked', () => {
    expect(judgeLimits(probeOutput(''), thresholds).map(({ kind }) => kind)).toEqual([
      'unchecked',
      'unchecked',
    ])
  })
})

describe('network', () => {
  test('a way out, no way out, no network', () => {
    const lan = '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2 \n'
    expect(
      judgeRoutes(probeOutput(`default via 192.0.2.1 dev eth0 \n${lan}nameserver 192.0.2.53\n`)),
    ).toMatchObject([
      {
        level: 'ok',
        value: 1,
        text: 'The default route goes by 192.0.2.1 on eth0; names are asked of 192.0.2.53.',
      },
    ])
    expect(judgeRoutes(probeOutput(lan))).toMatchObject([{ level: 'warn', value: 0 }])
    expect(judgeRoutes(probeOutput(''))).toMatchObject([
      { level: 'ok', text: 'The machine has no network but itself.' },
    ])
    expect(judgeRoutes(probeOutput('', { stderr: 'sh: ip: not found' }))).toMatchObject([
      { kind: 'unchecked' },
    ])
  })

  test('a lookup is judged by its time: a quick no is an answer, a late one or none is trouble', () => {
    const thresholds = { lookup_ms: percent(2000, 4000) }
    const lookup = (end: string, more: object = {}) =>
      judgeLookup(probeOutput(`100.00 9.00\n::1             localhost\n${end}`, more), thresholds)
    expect(lookup('100.02 9.10\n')).toMatchObject([{ level: 'ok', value: 20, unit: 'ms' }])
    expect(lookup('102.50 9.10\n')).toMatchObject([{ level: 'warn', value: 2500 }])
    expect(lookup('', { exit_code: null, failed_leg: 'timeout', duration_ms: 5000 })).toMatchObject([
      { level: 'crit', value: 5000 },
    ])
  })

  test('a connection that was slow is no slow lookup; a machine without getent could not check', () => {
    const thresholds = { lookup_ms: percent(2000, 4000) }
    const slow = probeOutput('100.00 9.00\n::1 localhost\n100.02 9.10\n', { duration_ms: 7000 })
    expect(judgeLookup(slow, thresholds)).toMatchObject([{ level: 'ok', value: 20 }])
    const missing = probeOutput('100.00 9.00\n100.00 9.00\n', { stderr: 'sh: 1: getent: not found' })
    expect(judgeLookup(missing, thresholds)).toMatchObject([
      { kind: 'unchecked', why: 'getent is not installed there' },
    ])
  })
})

describe('space', () => {
  test('the largest folders, without the sums of their parents', () => {
    const stdout = '20\t/var/log/apt\n900000\t/var/log/journal\n900100\t/var/log\n4\t/srv\n'
    expect(judgeSizes(probeOutput(stdout))).toMatchObject([
      { level: 'ok', text: 'Largest folders: /var/log/journal 879 MB, /var/log/apt 20 kB, /srv 4 kB.' },
    ])
  })

  test('counting that takes too long keeps what it has', () => {
    const late = { exit_code: null, failed_leg: 'timeout' } as const
    expect(judgeSizes(probeOutput('900\t/var/log\n', late))).toMatchObject([
      { text: expect.stringContaining('may be missing') as string },
    ])
    expect(judgeSizes(probeOutput('', late))).toMatchObject([
      { kind: 'unchecked', why: 'counting took too long' },
    ])
  })

  test('a deleted log that a service holds open, once, however many processes hold it', () => {
    const stdout = `COMMAND    PID USER   FD   TYPE DEVICE    SIZE/OFF NLINK    NODE NAME
nginx      812 root    5w   REG    8,1 2147483648     0 1311000 /var/log/nginx/access.log (deleted)
nginx      813 www     5w   REG    8,1 2147483648     0 1311000 /var/log/nginx/access.log (deleted)
app        900 app    12u   REG    0,1       4096     0     333 /memfd:heap (deleted)
`
    expect(judgeDeleted(probeOutput(stdout), { size_mb: percent(1024, 10_240) })).toMatchObject([
      {
        level: 'warn',
        value: 2048,
        unit: 'MB',
        text: '1 deleted file still open, 2048 MB in all, most by nginx (pid 813): /var/log/nginx/access.log 2.0 GB.',
      },
    ])
  })
})
