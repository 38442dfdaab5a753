import { expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeUnits } from './judgeUnits.ts'

const thresholds = { failed: { warn: 1, crit: 5 } }
const units = (stdout: string, more = {}) => judgeUnits(probeOutput(stdout, more), thresholds)

test('a failed unit is told with its exit code, one that restarts for ever with how often', () => {
  const found = units(`degraded
nginx.service        loaded failed failed A high performance web server and a reverse proxy server
backup.timer         loaded failed failed Nightly backup
api.service          loaded activating auto-restart API

Id=nginx.service
Result=exit-code
ExecMainStatus=1
NRestarts=0

Id=api.service
Result=signal
ExecMainStatus=11
NRestarts=412
`)
  expect(found).toMatchObject([
    { level: 'warn', text: 'nginx.service has failed: it ended with exit code 1.' },
    { level: 'warn', text: 'backup.timer has failed.' },
    {
      level: 'warn',
      text: 'api.service does not stay up: systemd keeps starting it again: signal 11 ended it, 412 times so far.',
    },
  ])
})

test('a list with dots, legend and an older systemctl reads the same', () => {
  const found = units(`● UNIT          LOAD   ACTIVE SUB    DESCRIPTION
● nginx.service loaded failed failed A web server

LOAD   = Reflects whether the unit definition was properly loaded.
1 loaded units listed.`)
  expect(found).toMatchObject([{ text: 'nginx.service has failed.' }])
})

test('five failed units are critical', () => {
  const list = [1, 2, 3, 4, 5].map((one) => `s${one}.service loaded failed failed S`).join('\n')
  expect(units(list).map((one) => one.kind === 'checked' && one.level)).toEqual(Array(5).fill('crit'))
})

test('a healthy machine says that none has failed; units that just start are no trouble', () => {
  expect(units('running\nman-db.service loaded activating start Daily man-db regeneration\n')).toMatchObject([
    { level: 'ok', value: 0, text: 'No unit has failed.' },
  ])
})

test.each([
  ['starting', 'warn'],
  ['maintenance', 'crit'],
  ['stopping', 'crit'],
])('a system that is %s → %s', (state, level) => {
  expect(units(`${state}\n`)).toMatchObject([{ level, value: state }])
})

test('OpenRC: crashed services, or none', () => {
  const list = (state: string) =>
    `Runlevel: default\n sshd                   [  started 3 day(s) 01:02:03 (0)  ]\n nginx                  [  ${state}  ]\nDynamic Runlevel: manual\n`
  const more = { stderr: 'sh: systemctl: not found', exit_code: 127 }
  expect(units(list('crashed'), more)).toMatchObject([
    { level: 'warn', value: 1, text: '1 service crashed (OpenRC): nginx.' },
  ])
  expect(units(list('started 00:01:00 (0)'), more)).toMatchObject([{ level: 'ok', value: 0 }])
})

test.each([
  ['', 'sh: 1: systemctl: not found', 127, false],
  ['offline\n', "System has not been booted with systemd as init system (PID 1). Can't operate.", 1, false],
  ['', 'Failed to connect to bus: No such file or directory', 1, true],
])('no systemd to ask (%j, %s): could not check', (stdout, stderr, exit_code, matters) => {
  expect(units(stdout, { stderr, exit_code })).toMatchObject([{ kind: 'unchecked', matters }])
})
