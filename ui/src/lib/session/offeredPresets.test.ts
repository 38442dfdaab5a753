import { expect, test } from 'vitest'
import type { PresetSummary } from '#app/schema/api.ts'
import { offeredPresets } from './offeredPresets.ts'

const preset = (id: string, targets: string[]): PresetSummary => ({
  id,
  label: id,
  icon: '',
  description: '',
  runbook: true,
  targets,
})
const presets = [preset('everywhere', ['local', 'demo']), preset('vm', ['demo']), preset('nowhere', [])]

test.each([
  ['local', ['everywhere']],
  ['demo', ['everywhere', 'vm']],
  ['', ['everywhere', 'vm']],
])('on "%s" only what can run is offered', (target, ids) => {
  expect(offeredPresets(presets, target).map(({ id }) => id)).toEqual(ids)
})
