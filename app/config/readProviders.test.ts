import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { goodYaml, makeConfigFolder, type ConfigFolder } from '../../test/fakes/configFolder.ts'
import { reloadConfig, type Settings } from './loadConfig.ts'

let folder: ConfigFolder
beforeEach(async () => {
  folder = await makeConfigFolder()
  await writeFile(join(folder.cwd, 'key'), '  sk-file\n', { mode: 0o600 })
})
afterEach(() => folder.remove())

/** Without the warnings of the rest of the configuration. */
const load = (providers: string | undefined, env: Record<string, string> = {}): Promise<Settings> =>
  folder.load(providers === undefined ? goodYaml : `${goodYaml}providers: ${providers}\n`, {
    ...{ SSH_AUTH_SOCK: '/run/agent' },
    ...env,
  })
const keysOf = ({ providers }: Settings) =>
  Object.fromEntries(providers.map(({ name, key }) => [name, key?.reveal() ?? null]))

test.each<[what: string, env: Record<string, string>, models: Record<string, string | null>]>([
  ['no variable', {}, {}],
  ['a key', { OPENAI_API_KEY: 'sk-o' }, { openai: 'sk-o' }],
  [
    'both keys',
    { OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: ' sk-a\n' },
    { anthropic: 'sk-a', openai: 'sk-o' },
  ],
  ['a file with a key', { ANTHROPIC_API_KEY_FILE: 'key' }, { anthropic: 'sk-file' }],
  ['a local server', { OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' }, { openai: null }],
  ['an address of Anthropic’s without a key', { ANTHROPIC_BASE_URL: 'https://gate.example' }, {}],
  ['empty variables', { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', ANTHROPIC_API_KEY_FILE: '' }, {}],
])('with %s in the environment the models are these', async (_what, env, models) => {
  const settings = await load(undefined, env)
  expect(keysOf(settings)).toEqual(models)
  expect(Object.keys(keysOf(settings))).toEqual(Object.keys(models))
  expect(settings.warnings).toEqual([])
})

test('listed models are these, in their order, with what was said of them', async () => {
  const list = `[
    {name: local, kind: openai, base_url: "http://127.0.0.1:8000/v1", model: m, context_tokens: 9000},
    {name: claude, kind: anthropic, key_file: key, max_output_tokens: 500, price: {input: 3, output: 15}}]`
  const { providers, warnings } = await load(list, { OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: 'sk-a' })
  expect(providers).toEqual([
    { name: 'local', kind: 'openai', baseUrl: 'http://127.0.0.1:8000/v1', model: 'm', contextTokens: 9000 },
    {
      ...{ name: 'claude', kind: 'anthropic', maxOutputTokens: 500, price: { input: 3, output: 15 } },
      key: expect.anything() as unknown,
    },
  ])
  expect(providers[1]?.key?.reveal()).toBe('sk-file')
  expect(warnings).toEqual([])
  expect((await load('[]', { OPENAI_API_KEY: 'sk-o' })).providers).toEqual([])
})

test('a key of a variable goes only where the variables say', async () => {
  const env = { OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: 'https://gate.example/v1' }
  const list = `[{name: gate, kind: openai}, {name: same, kind: openai, base_url: "https://gate.example/v1/"},
    {name: other, kind: openai, base_url: "https://other.example/v1"}]`
  const settings = await load(list, env)
  expect(keysOf(settings)).toEqual({ gate: 'sk-o', same: 'sk-o', other: null })
  expect(settings.providers[0]?.baseUrl).toBe('https://gate.example/v1')
})

test('a key of an entry goes to the address of that entry, or to its maker’s own', async () => {
  const env = { OPENAI_BASE_URL: 'https://gate.example/v1', ANTHROPIC_BASE_URL: 'https://gate.example' }
  const list = `[{name: o, kind: openai, key_file: key}, {name: a, kind: anthropic, key_file: key},
    {name: own, kind: openai, key_file: key, base_url: "https://own.example/v1"}]`
  const { providers } = await load(list, env)
  expect(providers.map(({ baseUrl }) => baseUrl)).toEqual([undefined, undefined, 'https://own.example/v1'])
})

test('an entry whose key cannot be read is left out, also with an address of its own', async () => {
  const list = '[{name: own, kind: openai, base_url: "https://own.example/v1", key_file: none}]'
  const { providers, warnings } = await load(list, { OPENAI_API_KEY: 'sk-o' })
  expect(providers).toEqual([])
  expect(warnings).toEqual([
    'providers[0].key_file: the key file does not exist; no model can be asked with it.',
    'providers[0]: own is not used without its key.',
  ])
})

const none = 'no model can be asked with it.'
test.each<[what: string, list: string | undefined, env: Record<string, string>, warning: string]>([
  [
    'no key',
    '[{name: claude, kind: anthropic}]',
    {},
    'providers[0]: claude has no key and is not used; set its key_file, or ANTHROPIC_API_KEY.',
  ],
  [
    'a lost key file',
    '[{name: a, kind: openai, base_url: "https://h"}, {name: b, kind: openai, key_file: none}]',
    {},
    `providers[1].key_file: the key file does not exist; ${none}`,
  ],
  [
    'a lost key file of a variable',
    undefined,
    { OPENAI_API_KEY_FILE: './none' },
    `OPENAI_API_KEY_FILE: the key file does not exist; ${none}`,
  ],
  [
    'an empty key file',
    undefined,
    { OPENAI_API_KEY_FILE: 'tokens' },
    `OPENAI_API_KEY_FILE: the key file holds nothing; ${none}`,
  ],
  [
    'a key of two lines',
    undefined,
    { OPENAI_API_KEY: 'hunter2\nhunter2' },
    'OPENAI_API_KEY: what it holds is no key; it is not used.',
  ],
  [
    'a key that crosses the network readable',
    '[{name: a, kind: openai, base_url: "http://10.0.0.9/v1", key_file: key}]',
    {},
    'a: its key and all that is said to it cross the network readable; use https.',
  ],
])('%s is warned of, and stops no start', async (_what, list, env, warning) => {
  const { warnings, providers } = await load(list, env)
  expect(warnings).toContain(warning)
  expect(warnings.join()).not.toContain('hunter2')
  for (const { key, baseUrl } of providers) expect(key ?? baseUrl).toBeDefined()
})

test('a key file that every account can read is warned of', async () => {
  await chmod(join(folder.cwd, 'key'), 0o644)
  expect((await load(undefined, { OPENAI_API_KEY_FILE: 'key' })).warnings).toEqual([
    'OPENAI_API_KEY_FILE: every account of this machine can read the key file.',
  ])
})

test('key files are read anew with the configuration', async () => {
  const settings = await load('[{name: a, kind: openai, key_file: key}, {name: b, kind: anthropic}]', {
    ANTHROPIC_API_KEY_FILE: 'key',
  })
  await writeFile(join(folder.cwd, 'key'), 'sk-new')
  expect(keysOf(reloadConfig(settings))).toEqual({ a: 'sk-new', b: 'sk-new' })
})

test('a key is told by nobody who prints the settings', async () => {
  const settings = await load('[{name: a, kind: openai}]', { OPENAI_API_KEY: 'hunter2' })
  expect(keysOf(settings)).toEqual({ a: 'hunter2' })
  for (const text of [
    JSON.stringify(settings),
    inspect(settings, { depth: 9, showHidden: true }),
    String(settings.providers[0]?.key),
  ])
    expect(text).not.toContain('hunter2')
})
