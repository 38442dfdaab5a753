import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { goodYaml, hostKey, makeConfigFolder, type ConfigFolder } from '../../test/fakes/configFolder.ts'

let folder: ConfigFolder
beforeEach(async () => {
  folder = await makeConfigFolder()
  await writeFile(join(folder.cwd, 'keys/fleet'), 'key', { mode: 0o600 })
})
afterEach(() => folder.remove())

const agent = { SSH_AUTH_SOCK: '/run/agent' }
const yamlOf = (host: string, fleet = '') =>
  `${goodYaml}fleet: {${fleet} hosts: {gpu1: {host: 10.0.0.30, host_keys: ["${hostKey}"], ${host}}}}`

test('a host of the fleet is read with its defaults, paths from the folder of the file', async () => {
  const { config } = await folder.load(yamlOf('key_file: keys/fleet', 'key_file: ~/fleet,'))
  expect(config.fleet).toMatchObject({ interval_s: 30, watched_interval_s: 5, legacy_after_h: 72 })
  expect(config.fleet?.hosts['gpu1']).toEqual({
    ...{ host: '10.0.0.30', port: 22, user: 'breakglass', host_keys: [hostKey], has_gpu: 'auto' },
    ...{ groups: [], tags: [], key_file: join(folder.cwd, 'keys/fleet') },
  })
  expect(config.fleet?.hosts['constructor']).toBeUndefined()
})

test.each([
  ['a target that is not there', 'target: bx', '', 'fleet.hosts.gpu1.target: found "bx"'],
  [
    'a warning above critical',
    '',
    'thresholds: {gpu_temp_warning_c: 95},',
    'fleet.thresholds.gpu_temp_warning_c: found a warning at 95 °C with critical at 90 °C',
  ],
  [
    "a host's critical below the fleet's warning",
    'thresholds: {gpu_temp_critical_c: 70}',
    '',
    'fleet.hosts.gpu1.thresholds.gpu_temp_critical_c: found a warning at 80 °C with critical at 70 °C',
  ],
  ['a threshold above all', 'thresholds: {cpu_percent: 101}', '', 'cpu_percent: found 101'],
  ['a GPU that may be', 'has_gpu: maybe', '', 'has_gpu: found "maybe"; allowed: only auto, or true or false'],
])('%s is refused', async (_what, host, fleet, told) => {
  expect((await folder.refusal(yamlOf(host, fleet), agent)).message).toContain(told)
})

describe('what starts but may not work is warned of', () => {
  const warnings = async (host: string, fleet = '', env: Record<string, string> = agent) =>
    (await folder.load(yamlOf(host, fleet), env)).warnings

  test('nothing, where all is right', async () => {
    expect(await warnings('key_file: keys/fleet')).toEqual([])
    expect(await warnings('', 'key_file: keys/fleet,')).toEqual([])
  })

  test('a key that is not there, and one that all can read', async () => {
    await chmod(join(folder.cwd, 'keys/fleet'), 0o644)
    expect(await warnings('key_file: keys/none', 'key_file: keys/fleet,')).toEqual([
      'fleet.key_file: every account of this machine can read the key file.',
      'fleet.hosts.gpu1.key_file: the key file does not exist; no host can be polled with it.',
    ])
  })

  test("a key that opens more than the fleet's probe", async () => {
    expect(await warnings('key_file: keys/devvm')).toEqual([
      "fleet.hosts.gpu1.key_file: it is the key of vms.devvm; the fleet's should be its own, which only the probe accepts.",
    ])
    const env = { BREAKGLASS_SSH_KEY_FILE: 'keys/fleet' }
    expect(await warnings('', 'key_file: keys/fleet,', env)).toEqual([
      "fleet.key_file: it is the key of targets.box; the fleet's should be its own, which only the probe accepts.",
    ])
  })

  test('no key at all', async () => {
    const found = await warnings('', '', {})
    expect(found).toContain('fleet.hosts: no key to sign in with for gpu1; set fleet.key_file.')
  })
})
