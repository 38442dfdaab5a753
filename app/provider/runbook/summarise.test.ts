import { expect, test } from 'vitest'
import { loadPresets } from '#app/config/loadPresets.ts'
import { checked, unchecked, type Judgement } from './Judgement.ts'
import { summarise } from './summarise.ts'

const presets = await loadPresets('agents/presets')
const [triage] = presets

function text(judgements: Judgement[], preset = triage): string {
  if (preset === undefined) throw new Error('no preset')
  const judged = judgements.map((judgement) => ({ probe: 'p', judgement }))
  return summarise(judged, { preset, presets, target: 'devvm' })
}

const fine = checked({ level: 'ok', topic: 'cpu', text: 'Calm.', value: 4, figure: 'processors 4 % busy' })
const full = checked({ level: 'crit', topic: 'disk', text: '/var is 97 % full.', value: 97, unit: '%' })
const fuller = checked({ level: 'crit', topic: 'disk', text: '/srv is 99 % full.', value: 99, unit: '%' })
const failed = checked({
  level: 'warn',
  topic: 'services',
  text: 'nginx.service has failed.',
  value: 'failed',
  advice: 'Read its journal.',
})

test('a healthy machine gets one calm sentence with its figures', () => {
  const memory = checked({
    level: 'ok',
    topic: 'memory',
    text: 'Enough.',
    value: 23,
    figure: 'memory 23 % used',
  })
  expect(text([fine, memory])).toBe(
    'Triage finds no trouble on devvm: processors 4 % busy and memory 23 % used.',
  )
})

test('worst first, then what else, then what to do, then what could not be checked', () => {
  expect(text([fine, failed, full, unchecked('the clock', 'date is not installed there'), fuller])).toBe(
    `/srv is 99 % full.

/var is 97 % full. nginx.service has failed.

Next: Read its journal. Run Disk to look further.

Could not check the clock (date is not installed there).`,
  )
})

test('a VM that is wedged comes before all that follows from it', () => {
  const wedged = checked({ level: 'crit', topic: 'vm', text: 'Dev VM is wedged.', value: 'wedged' })
  const reach = checked({ level: 'crit', topic: 'reach', text: 'devvm cannot be reached.', value: 'tcp' })
  expect(text([reach, wedged])).toMatch(/^Dev VM is wedged\.\n\ndevvm cannot be reached\./)
})

test('many troubles are not all told twice', () => {
  expect(text(Array.from({ length: 9 }, () => full))).toContain('4 more findings stand above.')
})

test('a preset does not send anyone to itself', () => {
  const disk = presets.find(({ id }) => id === 'disk')
  expect(text([full], disk)).toBe('/var is 97 % full.')
})

test('what a preset is for could not be checked: the rest is no all-clear', () => {
  expect(text([unchecked('the services', 'neither systemd nor OpenRC runs there'), fine])).toMatch(
    /^Triage could not check the services on devvm; the rest shows no trouble: processors 4 % busy\./,
  )
  expect(
    text([unchecked('the VM', 'no VM is configured'), unchecked('the guest', 'no VM is configured')]),
  ).toBe(
    'Triage could check nothing on devvm.\n\nCould not check the VM and the guest (no VM is configured).',
  )
})
