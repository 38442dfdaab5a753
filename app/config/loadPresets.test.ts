import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConfigProblem } from './ConfigError.ts'
import { loadPresets, parsePreset } from './loadPresets.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'presets-'))))
afterEach(() => rm(folder, { recursive: true }))

const front = `id: heat
label: Heat
icon: heat
description: Is it hot
prompt: Is it hot?
`

test('the built-in presets are five, in the order of their chips', async () => {
  const presets = await loadPresets('agents/presets')
  expect(presets.map(({ label }) => label)).toEqual([
    'Triage',
    'Memory / OOM',
    'Disk',
    'Services',
    'QEMU wedged',
  ])
  for (const preset of presets) {
    expect(preset.runbook?.probes.length).toBeGreaterThan(0)
    expect(preset.guidance).not.toBe('')
  }
})

test('front matter becomes settings, the Markdown below it guidance, and defaults stand where nothing is said', async () => {
  await writeFile(
    join(folder, 'heat.md'),
    `---\n${front}runbook:\n  probes:\n    - {id: cpu, title: the heat, command: uptime, parser: cpu}\n---\n\nFeel it.\n`,
  )
  const [preset] = await loadPresets(folder)
  expect(preset).toMatchObject({ id: 'heat', order: 100, keywords: [], guidance: 'Feel it.' })
  expect(preset?.runbook?.probes[0]).toMatchObject({
    timeout_s: 8,
    on: 'target',
    thresholds: { busy_percent: { warn: 95, crit: 99 } },
  })
})

const wrong: [what: string, text: string, problem: Partial<ConfigProblem>][] = [
  ['no front matter', 'Feel it.', { path: '', found: 'no front matter' }],
  ['broken YAML', '---\nid: [\n---\n', { path: '', allowed: 'one YAML document' }],
  ['a missing label', `---\n${front.replace('label: Heat\n', '')}---\n`, { path: 'label', found: 'nothing' }],
  ['an unknown setting', `---\n${front}colour: red\n---\n`, { path: 'colour', found: 'an unknown name' }],
  [
    'an id with a space',
    `---\n${front.replace('id: heat', 'id: "he at"')}---\n`,
    { path: 'id', found: '"he at"' },
  ],
  ['an unknown parser', probe('parser: crystal'), { path: 'runbook.probes[0].parser', found: '"crystal"' }],
  [
    'an unknown setting of a probe',
    probe('parser: cpu, hot: 1'),
    { path: 'runbook.probes[0].hot', found: 'an unknown name' },
  ],
  [
    'a threshold that is no number',
    probe('parser: disks, thresholds: {used_percent: {warn: much}}'),
    { path: 'runbook.probes[0].thresholds.used_percent.warn', found: '"much"' },
  ],
  [
    'a threshold of another parser',
    probe('parser: cpu, thresholds: {used_percent: {warn: 1}}'),
    { path: 'runbook.probes[0].thresholds.used_percent', found: 'an unknown name' },
  ],
  [
    'warn above crit',
    probe('parser: disks, thresholds: {used_percent: {warn: 99}}'),
    { path: 'runbook.probes[0].thresholds.used_percent' },
  ],
  [
    'a command of two lines',
    probe('parser: cpu').replace('command: uptime', 'command: "a\\nb"'),
    { path: 'runbook.probes[0].command', allowed: 'one line' },
  ],
]

function probe(rest: string): string {
  return `---\n${front}runbook:\n  probes:\n    - {id: one, title: one, command: uptime, ${rest}}\n---\n`
}

test.each(wrong)(
  '%s is refused with file, path, what was found and what is allowed',
  (_what, text, problem) => {
    const problems: ConfigProblem[] = []
    expect(parsePreset('heat.md', text, problems)).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ file: 'heat.md', ...problem })
    expect(problems[0]?.allowed).not.toBe('')
  },
)

test('an unknown parser is told with all that there are', () => {
  const problems: ConfigProblem[] = []
  parsePreset('heat.md', probe('parser: crystal'), problems)
  expect(problems[0]?.allowed).toMatch(/^one of cpu, .*power$/)
})

test('two presets with one id are refused, naming both files', async () => {
  for (const name of ['a.md', 'b.md']) await writeFile(join(folder, name), `---\n${front}---\n`)
  await expect(loadPresets(folder)).rejects.toThrow(/b\.md: id: found "heat", the id of .*a\.md/)
})

test('a folder that does not exist is told by its name', async () => {
  await expect(loadPresets(join(folder, 'none'))).rejects.toThrow(/none: found a folder that does not exist/)
})
