import { expect, test } from 'vitest'
import type { HostStatus } from '#app/power/hostAnswer.ts'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgePower, type Guest } from './judgePower.ts'

const running: HostStatus = {
  state: 'running',
  qmp: 'answers',
  wedged: false,
  evidence: null,
  locked: null,
  pid: 4711,
  uptime_s: 3600,
  busy: null,
  read_at: '2026-11-20T03:00:00Z',
  operation: null,
}
const silent: Partial<HostStatus> = {
  qmp: 'silent',
  wedged: true,
  evidence: 'QEMU has process 4711, but its monitor did not answer: no running-qemu, no blockstat',
}
const unasked: Guest = { state: 'unasked' }
const dead: Guest = { state: 'silent', target: 'devvm' }
const alive: Guest = { state: 'answers', target: 'devvm' }

const judge = (status: Partial<HostStatus>, guest: Guest = unasked) =>
  judgePower(probeOutput(JSON.stringify({ ...running, ...status })), 'Dev VM', guest)

test('a wedged VM is critical, with its evidence, and what helps is Cycle and not Reset', () => {
  for (const guest of [unasked, dead])
    expect(judge(silent, guest)).toMatchObject([
      {
        level: 'crit',
        value: 'wedged',
        text: expect.stringMatching(/^Dev VM is wedged: .*no running-qemu, no blockstat\.$/) as string,
        advice: expect.stringMatching(/^Cycle Dev VM from its sheet, not Reset/) as string,
      },
    ])
})

test('a silent monitor whose guest still answers is no reason to cycle at once', () => {
  expect(judge(silent, alive)).toMatchObject([
    { level: 'warn', advice: expect.stringContaining('shut it down from there') as string },
  ])
})

test.each<[Partial<HostStatus>, Guest, string, string]>([
  [{}, unasked, 'ok', 'Dev VM runs and QEMU answers.'],
  [{}, alive, 'ok', 'Dev VM runs, QEMU and its guest answer.'],
  [{}, dead, 'crit', 'Dev VM runs and QEMU answers, but its guest devvm does not.'],
  [{ state: 'stopped', pid: null }, dead, 'crit', 'Dev VM is stopped.'],
  [
    { state: 'paused', evidence: 'QEMU paused the VM: io-error' },
    dead,
    'crit',
    'Dev VM is paused: its guest does nothing. QEMU paused the VM: io-error.',
  ],
])('%o, guest %o → %s: %s', (status, guest, level, text) => {
  expect(judge(status, guest)).toMatchObject([{ level, text }])
})

test('what stands in the way of the verbs is told beside the state', () => {
  expect(judge({ locked: 'backup', busy: 'a'.repeat(32) })).toMatchObject([
    { level: 'ok' },
    {
      level: 'warn',
      value: 'backup',
      text: 'Dev VM is locked (backup): its power verbs are refused until that ends.',
    },
    { level: 'warn', text: 'A power operation is running on Dev VM.' },
  ])
})

test.each([
  [
    { failed_leg: 'tcp', exit_code: null, stderr: 'Connection to 10.0.0.5 port 22 refused.' },
    '',
    'its hypervisor accepted no connection (Connection to 10.0.0.5 port 22 refused)',
  ],
  [{ failed_leg: 'timeout', exit_code: null }, '', 'its hypervisor did not answer in time'],
  [
    { exit_code: 70 },
    JSON.stringify({ ...running, state: 'unknown', evidence: 'qm status did not answer within 4 s' }),
    'qm status did not answer within 4 s',
  ],
  [{}, 'hello', 'its hypervisor did not say'],
] as const)('an unreached hypervisor (%o) says nothing about the VM', (more, stdout, why) => {
  expect(judgePower(probeOutput(stdout, more), 'Dev VM', dead)).toEqual([
    { kind: 'unchecked', what: 'the state of Dev VM', why, matters: true },
  ])
})
