import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadPresets } from '#app/config/loadPresets.ts'
import type { Leg } from '#app/schema/events.ts'
import { probeSchema, type ShellProbe } from '#app/schema/preset.ts'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeProbe } from './judgeProbe.ts'
import { toFinding } from './toFinding.ts'

const presets = await loadPresets('agents/presets')
const probes = presets
  .flatMap((preset) => preset.runbook?.probes ?? [])
  .filter((probe): probe is ShellProbe => 'command' in probe)

const legs: Leg[] = ['name', 'tcp', 'host_key', 'auth', 'channel', 'command', 'timeout', 'lost', 'cancelled']
/** Pieces that parsers look for, so that random text gets past their first look. */
const pieces = fc.constantFrom(
  '/dev/sda1',
  ' / ',
  '100%',
  '-',
  '12',
  '-3',
  '9999999999999999999999',
  '0',
  ' ',
  '\n',
  '\t',
  'cpu ',
  'cpu0',
  'kB',
  '\nMemTotal: ',
  '==> /proc/uptime <==\n',
  '==> /proc/pressure/io <==\n',
  'full avg10=',
  'total=',
  'pswpin ',
  'tmpfs',
  ' ext4 rw 0 0',
  '1.00',
  '.5',
  '[',
  ']',
  'Killed process 1 (',
  ')',
  'kernel: ',
  'nginx.service',
  ' loaded ',
  'failed ',
  'default via ',
  ' dev ',
  'REG',
  '/sys/fs/cgroup/a/memory.max:',
  'NTPSynchronized=',
  'Runlevel: ',
  '\0',
  '\ud800',
  '😀',
  'D',
  'Z',
  '00:00:01',
  '1d10',
  '%',
  '1795219464',
)
const anyOutput = fc
  .record({
    stdout: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    ),
    stderr: fc.oneof(
      fc.string(),
      fc.constant('sh: x: not found'),
      fc.array(pieces).map((all) => all.join('')),
    ),
    exit_code: fc.option(fc.integer({ min: 0, max: 255 })),
    truncated: fc.boolean(),
    duration_ms: fc.nat(10_000),
    failed_leg: fc.option(fc.constantFrom(...legs), { nil: undefined }),
  })
  .map(({ failed_leg, ...output }) =>
    probeOutput(output.stdout, { ...output, ...(failed_leg && { failed_leg }) }),
  )

test('whatever a machine answers, each probe ends in findings that are whole', () => {
  fc.assert(
    fc.property(fc.constantFrom(...probes), anyOutput, (probe, output) => {
      const judgements = judgeProbe(probe, output)
      expect(judgements.length).toBeGreaterThan(0)
      for (const judgement of judgements) {
        const finding = toFinding({ probe: probe.id, judgement })
        expect(finding.text).toMatch(/^[^\n\p{Cc}]+$/u)
        expect(finding.text.isWellFormed()).toBe(true)
        expect(finding.text).not.toMatch(/NaN|undefined|null|Infinity|\[object/)
        if (typeof finding.value === 'number') expect(Number.isFinite(finding.value)).toBe(true)
        expect(finding.value === undefined).toBe(finding.text.startsWith('Could not check '))
      }
    }),
    { numRuns: 3000 },
  )
})

test.each(probes.map((probe) => [probe.id, probe] as const))(
  '%s: an empty answer is never a figure',
  (_id, probe) => {
    for (const judgement of judgeProbe(
      probe,
      probeOutput('', { exit_code: 127, stderr: 'sh: 1: x: not found' }),
    ))
      expect(judgement).toMatchObject({ kind: 'unchecked', why: expect.stringMatching(/./) as string })
  },
)

test.each(probes.map((probe) => [probe.id, probe] as const))(
  '%s: a leg that failed is told, never judged',
  (_id, probe) => {
    const output = probeOutput('', { exit_code: null, failed_leg: 'channel' })
    expect(judgeProbe(probe, output)).toEqual([
      { kind: 'unchecked', what: probe.title, why: 'it let us in but ran nothing', matters: true },
    ])
  },
)

test('half of a kernel log is no all-clear', () => {
  const probe = probeSchema.parse({ id: 'k', title: 'the kernel log', command: 'x', parser: 'kernel' })
  const late = { exit_code: null, failed_leg: 'timeout', duration_ms: 8000 } as const
  if (!('command' in probe)) throw new Error('not a shell probe')
  expect(judgeProbe(probe, probeOutput('1795219464\noom_kill 0\n', late))).toEqual([
    { kind: 'unchecked', what: 'the kernel log', why: 'no answer within 8 s', matters: true },
  ])
})

/** Splits a command line at `;`, `&&`, `||` and `|`, and its words; what is quoted is one word. */
function simpleCommands(command: string): string[][] {
  const words = command.match(/'[^']*'|\|\||&&|[;|]|[^\s;|&']+|./g)?.filter((word) => word !== ' ') ?? []
  const commands: string[][] = [[]]
  for (const word of words) {
    if (/^(;|\||\|\||&&)$/.test(word)) commands.push([])
    else commands.at(-1)?.push(word)
  }
  return commands
}

test.each(probes.map((probe) => [probe.command] as const))(
  'only reads, and is plain enough to be allowed: %s',
  (command) => {
    const reading =
      'cat chronyc date df dmesg du getent grep head ip journalctl lsof ps rc-status sleep systemctl tail test timedatectl'
    for (const [program, ...words] of simpleCommands(command)) {
      expect(reading.split(' ')).toContain(program)
      for (const word of words.filter((one) => !one.startsWith("'"))) expect(word).toMatch(/^[\w./:,=%+@-]+$/)
      if (program === 'systemctl') expect(words[0]).toMatch(/^(is-system-running|--failed|list-units|show)$/)
      if (program === 'ip') expect(words.join(' ')).toMatch(/^(-6 )?route$/)
      if (program === 'tail') expect(words).not.toContain('-f')
    }
  },
)

test('no probe of Triage takes longer than 8 s', () => {
  const triage = presets.find(({ id }) => id === 'triage')
  for (const probe of triage?.runbook?.probes ?? [])
    expect('timeout_s' in probe && probe.timeout_s).toBeLessThanOrEqual(8)
})
