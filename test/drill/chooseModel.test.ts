import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { chooseModel, type ModelWish } from './chooseModel.ts'

const keys = { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o', OTHER: 'x' }

test('the first provider with a key is asked, and sees no other key', async () => {
  expect(await chooseModel({ model: 'm-1' }, keys)).toMatchObject({
    env: { ANTHROPIC_API_KEY: 'a' },
    providers: [{ name: 'drill', kind: 'anthropic', model: 'm-1' }],
  })
})

test('a server of models at an address of its own may want no key', async () => {
  const wish = { provider: 'openai', model: 'local', 'base-url': 'http://127.0.0.1:11434/v1' }
  expect(await chooseModel(wish, {})).toMatchObject({
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' },
    providers: [{ kind: 'openai', model: 'local' }],
  })
})

const gate = 'https://gate.example/v1'
test.each<[what: string, wish: ModelWish, env: Record<string, string>, passed: Record<string, string>]>([
  [
    'an address that is wished for',
    { provider: 'openai', 'base-url': gate },
    { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'https://other.example' },
    { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: gate },
  ],
  [
    'the address of a gateway',
    {},
    { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: gate },
    { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: gate },
  ],
  ['a file', {}, { ANTHROPIC_API_KEY_FILE: 'key' }, { ANTHROPIC_API_KEY_FILE: resolve('key') }],
])('a key and %s go on together, and the server sends it nowhere else', async (_what, wish, env, passed) => {
  const chosen = await chooseModel(wish, env)
  if (typeof chosen === 'string') throw new Error(chosen)
  expect(chosen.env).toEqual(passed)
  expect(chosen.providers?.[0]).not.toHaveProperty('base_url')
})

test.each([
  [{ provider: 'openai' }, 'There is no OPENAI_API_KEY.'],
  [{ provider: 'gemini' }, 'gemini: the providers are anthropic, openai, scripted.'],
  [{ model: 'm-1' }, '--model needs a provider with a key: set ANTHROPIC_API_KEY or OPENAI_API_KEY.'],
])('%j without a key is told: %s', async (wish, sentence) => {
  expect(await chooseModel(wish, {})).toBe(sentence)
})
