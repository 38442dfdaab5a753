import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hostKey, makeConfigFolder, type ConfigFolder } from '../test/fakes/configFolder.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import { fleetHosts } from './fleetHosts.ts'

let folder: ConfigFolder
beforeEach(async () => {
  folder = await makeConfigFolder()
})
afterEach(() => folder.remove())

const hostsOf = async (yaml: string | undefined, env: Record<string, string> = {}) =>
  fleetHosts(await folder.load(yaml, env))
const fleetOf = (hosts: string, more = '') => `fleet: {${more} hosts: {${hosts}}}`
const gpu = (name: string, more = '') => `${name}: {host: ${name}.lan, host_keys: ["${hostKey}"]${more}}`

test('without configuration it is this machine, without SSH, which is the target local', async () => {
  expect(await hostsOf(undefined)).toEqual([
    {
      ...{ name: 'local', address: hostname(), destination: null, target: 'local' },
      ...{ groups: [], tags: [], hasGpu: 'auto', thresholds: defaultThresholds },
      ...{ legacyAfterMs: 72 * 3_600_000, intervalMs: 30_000, watchedIntervalMs: 5_000 },
    },
  ])
})

test('where the store is shared, this machine has its own name: others may run elsewhere', async () => {
  const settings = { ...(await folder.load(undefined)), redisUrl: 'redis://127.0.0.1' }
  expect(fleetHosts(settings)).toMatchObject([
    { name: hostname().replaceAll(/[^\w.-]/g, '-'), destination: null },
  ])
})

test('it is watched, but no target, where there is no target local', async () => {
  const [host] = await hostsOf(undefined, { BREAKGLASS_SSH_KEY_FILE: 'keys/devvm' })
  expect(host).toMatchObject({ name: 'local', destination: null })
  expect(host).not.toHaveProperty('target')
})

test('a configuration without a fleet watches nothing', async () => {
  expect(await hostsOf('knowledge: []')).toEqual([])
})

test('each host has what it says itself, else what the fleet says, else the default', async () => {
  const more =
    'interval_s: 60, watched_interval_s: 120, legacy_after_h: 1, thresholds: {cpu_percent: 50, for_polls: 1},'
  const own =
    ', thresholds: {cpu_percent: 99}, tags: [a], groups: [b], has_gpu: true, port: 2222, user: probe'
  const [a, b] = await hostsOf(fleetOf(`${gpu('a', own)}, ${gpu('b')}`, more))
  expect(a).toMatchObject({
    ...{ name: 'a', address: 'a.lan', tags: ['a'], groups: ['b'], hasGpu: true, legacyAfterMs: 3_600_000 },
    ...{ intervalMs: 60_000, watchedIntervalMs: 60_000 },
    destination: { name: 'a', host: 'a.lan', port: 2222, user: 'probe', hostKeys: [hostKey] },
    thresholds: { ...defaultThresholds, cpu_percent: 99, for_polls: 1 },
  })
  expect(b?.thresholds).toEqual({ ...defaultThresholds, cpu_percent: 50, for_polls: 1 })
})

test.each([
  ['its own', ', key_file: keys/a', 'key_file: keys/f,', { file: 'keys/a' }],
  ["the fleet's", '', 'key_file: keys/f,', { file: 'keys/f' }],
  ["the environment's", '', '', { file: 'keys/devvm' }],
])('the key of a host is %s', async (_what, host, fleet, key) => {
  const [a] = await hostsOf(fleetOf(gpu('a', host), fleet), { BREAKGLASS_SSH_KEY_FILE: 'keys/devvm' })
  expect(a?.destination?.key).toEqual({ file: join(folder.cwd, key.file) })
})

test("else it is an agent's", async () => {
  const [a] = await hostsOf(fleetOf(gpu('a')), { SSH_AUTH_SOCK: '/run/agent' })
  expect(a?.destination?.key).toEqual({ agent: '/run/agent' })
})
