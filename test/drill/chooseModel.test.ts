import { expect, test } from 'vitest'
import { chooseModel } from './chooseModel.ts'

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
    env: { OPENAI_API_KEY: 'none' },
    providers: [{ kind: 'openai', base_url: 'http://127.0.0.1:11434/v1' }],
  })
})

test.each([
  [{ provider: 'openai' }, 'There is no OPENAI_API_KEY.'],
  [{ provider: 'gemini' }, 'gemini: the providers are anthropic, openai, scripted.'],
  [{ model: 'm-1' }, '--model needs a provider with a key: set ANTHROPIC_API_KEY or OPENAI_API_KEY.'],
])('%j without a key is told: %s', async (wish, sentence) => {
  expect(await chooseModel(wish, {})).toBe(sentence)
})
