import pino from 'pino'
import { expect, test } from 'vitest'
import { Secret } from '#app/config/Secret.ts'
import { end, fail, say, scriptedPool, settingsOf } from '../../test/fakes/scriptedPool.ts'
import { kindDefaults } from './models.ts'
import { openProviders } from './openProviders.ts'
import type { Provider } from './Provider.ts'
import { toModelSettings } from './toModelSettings.ts'

const runbook: Provider = {
  name: 'runbook',
  model: 'runbook',
  async *step() {
    yield say('the runbook')
    yield end
  },
}
const three = () =>
  scriptedPool([
    settingsOf('claude', { kind: 'anthropic', contextTokens: 200_000 }),
    settingsOf('local', { contextTokens: 8000 }),
    settingsOf('spare'),
  ])

test('each provider is told in a line when it is opened, its key is not', () => {
  const { lines } = scriptedPool([settingsOf('claude', { key: new Secret('hunter2') }), settingsOf('local')])
  expect(lines).toMatchObject([
    { msg: 'provider is ready', provider: 'claude', model: 'claude-1', has_key: true },
    { msg: 'provider is ready', provider: 'local', has_key: false },
    { msg: 'provider is ready', provider: 'runbook' },
  ])
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})

test('a session may choose by name or by model; a choice that is gone counts as none', async () => {
  const { pool, step } = three()
  expect(pool.choices()).toEqual(['claude', 'local', 'spare', 'claude-1', 'local-1', 'spare-1', 'runbook'])
  expect(pool.defaultChoice()).toBe('claude-1')
  const named = ['local', 'spare-1', 'gone', ''].map((choice) => pool.providerOf(choice).model)
  expect(named).toEqual(['local-1', 'spare-1', 'claude-1', 'claude-1'])
  expect(await step(pool.providerOf('runbook'))).toEqual([say('runbook'), end])
})

test('behind the chosen one stand all others in their order', async () => {
  const { pool, asked, script, step } = three()
  for (const name of ['claude', 'local', 'spare']) script(name, [fail('auth')])
  await step(pool.providerOf('local'))
  expect(asked).toEqual(['local', 'claude', 'spare', 'runbook'])
})

test('the context is that of the model that is asked next, however small those behind it are', async () => {
  const { pool, script, step, clock } = three()
  const provider = pool.providerOf('claude')
  expect(provider.contextTokens).toBe(200_000)
  expect(pool.providerOf('runbook').contextTokens).toBe(Infinity)
  script('claude', [fail('auth')])
  await step(provider)
  expect(provider.contextTokens).toBe(8000)
  clock.now += 3_600_000
  expect(provider.contextTokens).toBe(200_000)
})

test('while no model may be asked the context has no end: the runbook reads events', async () => {
  const { pool, script, step } = three()
  for (const name of ['claude', 'local', 'spare']) script(name, [fail('auth')])
  await step(pool.providerOf('claude'))
  expect(pool.providerOf('claude').contextTokens).toBe(Infinity)
})

test('without a model there is the runbook, and nothing is said of models that fail', async () => {
  const { pool, step } = scriptedPool([])
  expect(pool.states()).toEqual([{ name: 'runbook', kind: 'runbook', model: 'runbook', state: 'ready' }])
  expect(pool.choices()).toEqual(['runbook'])
  expect(pool.defaultChoice()).toBe('runbook')
  const provider = pool.providerOf('claude-1')
  expect(provider).toMatchObject({ name: 'runbook', model: 'runbook', contextTokens: Infinity })
  expect(await step(provider)).toEqual([say('runbook'), end])
  expect(await step(provider.modelsOnly)).toMatchObject([{ type: 'failure' }])
})

test('a new configuration leaves unchanged entries their state, and a new key gets its try', async () => {
  const { pool, script, step, lines } = scriptedPool([
    settingsOf('claude', { key: new Secret('old') }),
    settingsOf('local'),
  ])
  const provider = pool.providerOf('claude')
  script('claude', [fail('auth')])
  script('local', [fail('invalid')])
  await step(provider)
  const states = () => pool.states().map(({ name, state }) => `${name} ${state}`)
  expect(states()).toEqual(['claude failed', 'local cooling_down', 'runbook ready'])

  lines.length = 0
  pool.configure([settingsOf('local'), settingsOf('claude', { key: new Secret('new') })], runbook)
  expect(states()).toEqual(['local cooling_down', 'claude ready', 'runbook ready'])
  expect(lines).toMatchObject([{ provider: 'claude', msg: 'provider is ready' }])
  // A turn that was under way goes on with what there is now.
  expect(await step(provider)).toEqual([say('claude'), end])
  pool.configure([], runbook)
  expect(await step(provider)).toEqual([say('the runbook'), end])
})

test('a provider that cannot be opened is told and left out; the others are there', () => {
  const lines: string[] = []
  const logger = pino({}, { write: (line) => void lines.push(line) })
  const pool = openProviders({
    settings: [settingsOf('bad'), settingsOf('good')],
    create: ({ name, model }) => {
      if (name === 'bad') throw new Error('no such address')
      return { ...runbook, name, model }
    },
    runbook,
    logger,
  })
  expect(pool.states().map(({ name }) => name)).toEqual(['good', 'runbook'])
  expect(lines.join()).toContain('provider is not ready')
})

test('an entry that says nothing has the defaults of its kind, and what it says counts', () => {
  expect(toModelSettings({ name: 'a', kind: 'openai' })).toEqual({
    ...{ name: 'a', kind: 'openai', model: kindDefaults.openai.model },
    ...{ contextTokens: 128_000, maxOutputTokens: 8192 },
  })
  const said = { model: 'm', baseUrl: 'http://127.0.0.1:1', contextTokens: 9000, maxOutputTokens: 500 }
  const price = { input: 3, output: 15 }
  expect(
    toModelSettings({ name: 'a', kind: 'anthropic', ...said, key: new Secret('hunter2'), price }),
  ).toEqual({
    name: 'a',
    kind: 'anthropic',
    ...said,
    apiKey: 'hunter2',
    price: { ...price, cached: 3, cacheWrite: 3.75 },
  })
})
