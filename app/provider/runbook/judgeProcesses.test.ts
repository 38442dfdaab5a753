import { expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeProcesses } from './judgeProcesses.ts'
import { parseProcesses, parseTime } from './parsers/parseProcesses.ts'

const thresholds = { blocked: { warn: 2, crit: 10 }, zombies: { warn: 50, crit: 500 } }
const judge = (stdout: string) => judgeProcesses(probeOutput(stdout), thresholds)

const procps = `    PID    PPID USER     STAT     TIME     ELAPSED   RSS COMMAND
      1       0 root     Ss   00:00:05  2-01:31:37 19616 systemd
     77       2 root     D<   00:00:06       31:37     0 kworker/0:1+nfsiod
    812       1 postgres Ssl  01:10:05       31:37 1048576 postgres: writer
    900       1 laptop      R+   00:12:00       31:37 20480 python3
   1001       1 backup   D    00:00:00       10:00  2048 rsync
   1002       1 www-data D+   00:00:00       10:00  2048 df
   1003     900 laptop      Z    00:00:00       10:00     0 sh <defunct>
    PID STAT     TIME
      1 Ss   00:00:05
    900 R+   00:12:01
   1001 D    00:00:00
   1002 D+   00:00:00
`

test('procps: what hangs, what is a zombie, what takes memory and processors', () => {
  expect(judge(procps)).toMatchObject([
    {
      level: 'warn',
      value: 2,
      text: '2 processes hang on a disk or a network filesystem (D state): rsync (pid 1001, backup) and df (pid 1002, www-data).',
    },
    { level: 'ok', value: 1 },
    {
      level: 'ok',
      value: 1024,
      unit: 'MB',
      text: expect.stringMatching(/^Most memory: postgres: writer \(pid 812, postgres\) 1\.0 GB/) as string,
    },
    { level: 'ok', value: 'python3 (pid 900, laptop)' },
  ])
})

test('a process that waited for a disk only once does not hang; kernel threads never do', () => {
  expect(judge(procps.replace('1002 D+   00', '1002 S+   00'))[0]).toMatchObject({ level: 'ok', value: 1 })
})

test('busybox with time and etime, and its short sizes', () => {
  const { processes, later } = parseProcesses(`PID   PPID  USER     STAT TIME  ELAPSED RSS  COMMAND
    1     0 root     S    0:01  1d10     4 init
   22     1 root     S <  3h25  02:10   12m nginx
   23     2 root     DW   0:00  02:10     0 kworker/u8:0
   PID STAT TIME
   22 S <  3h26
`)
  expect(processes).toMatchObject([
    { pid: 1, cpuS: 1, ageS: 86_400 + 36_000, rssKb: 4 },
    { pid: 22, state: 'S <', cpuS: 3 * 3600 + 25 * 60, ageS: 130, rssKb: 12 * 1024, name: 'nginx' },
    { pid: 23, state: 'DW', rssKb: 0 },
  ])
  expect(later.get(22)).toEqual({ pid: 22, state: 'S <', cpuS: 3 * 3600 + 26 * 60 })
})

test('a small busybox knows no times: they are null, not 0', () => {
  const { processes } = parseProcesses(
    '  PID  PPID USER     STAT RSS  COMMAND\n    7     1 root     S    1240 crond\n',
  )
  expect(processes).toEqual([
    { pid: 7, ppid: 1, user: 'root', state: 'S', cpuS: null, ageS: null, rssKb: 1240, name: 'crond' },
  ])
})

test('a flood of zombies names the parent that leaves them', () => {
  const zombies = Array.from(
    { length: 60 },
    (_, at) => `${2000 + at} 900 laptop Z 00:00:00 00:10 0 sh <defunct>`,
  )
  const found = judge(`${procps.split('    PID STAT')[0]}${zombies.join('\n')}\n`)
  expect(found[1]).toMatchObject({
    level: 'warn',
    value: 61,
    text: '61 zombie processes, most of them left by python3 (pid 900, laptop).',
  })
})

test.each([
  ['31:37', 1897],
  ['01:00:00', 3600],
  ['2-01:00:00', 2 * 86_400 + 3600],
  ['1d10', 122_400],
  ['-', null],
  ['', null],
])('time %s is %s seconds', (text, seconds) => {
  expect(parseTime(text)).toBe(seconds)
})
