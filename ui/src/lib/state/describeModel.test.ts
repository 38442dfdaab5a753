import { expect, test } from 'vitest'
import type { ProviderSummary } from '#app/schema/api.ts'
import { describeModel, nameProvider } from './describeModel.ts'

const claude: ProviderSummary = { name: 'claude', kind: 'anthropic', model: 'opus', state: 'ready' }
const local: ProviderSummary = { name: 'local', kind: 'openai', model: 'qwen', state: 'ready' }
const runbook: ProviderSummary = { name: 'runbook', kind: 'runbook', model: 'runbook', state: 'ready' }
const resting = { ...claude, state: 'cooling_down', until: '2026-01-01T02:14:00.000Z' } as const
const time = (iso: string): string => iso.slice(11, 16)
const describe = (providers: ProviderSummary[], choice = '') => describeModel(providers, choice, time)

test('nothing is said or chosen before the providers are known', () => {
  expect(describe([])).toEqual({ current: null, says: null })
})

test.each([
  ['by name', 'local', 'local'],
  ['by the id of its model', 'qwen', 'local'],
  ['without a model', 'runbook', 'runbook'],
  ['none', '', 'claude'],
  ['one that is not there any more', 'gone', 'claude'],
])('chosen: %s', (_how, choice, name) => {
  expect(describe([claude, local, runbook], choice)).toMatchObject({ current: { name }, says: null })
})

test.each([
  ['another model', [resting, local, runbook], 'claude rests until 02:14; local answers.'],
  ['no other model', [resting, runbook], 'claude rests until 02:14; the runbook answers.'],
  [
    'one that failed',
    [{ ...claude, state: 'failed' as const }, local, runbook],
    'claude failed; local answers.',
  ],
])('one that cannot answer now says who does: %s', (_what, providers, says) => {
  expect(describe(providers).says).toBe(says)
})

test('an option says when it can answer again', () => {
  const names = [claude, resting, { ...claude, state: 'failed' as const }, runbook].map((one) =>
    nameProvider(one, time),
  )
  expect(names).toEqual(['claude', 'claude (rests until 02:14)', 'claude (failed)', 'No model'])
})
