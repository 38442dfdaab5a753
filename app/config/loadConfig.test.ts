import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { goodYaml, hostKey, makeConfigFolder, type ConfigFolder } from '../../test/fakes/configFolder.ts'
import { loadConfig } from './loadConfig.ts'

let folder: ConfigFolder
let cwd: string
const load: ConfigFolder['load'] = (yaml, env) => folder.load(yaml, env)
beforeEach(async () => {
  folder = await makeConfigFolder()
  cwd = folder.cwd
})
afterEach(() => folder.remove())

describe('with no configuration', () => {
  test('there is the demo, this machine as a target, and the documented defaults', async () => {
    expect(await load(undefined)).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      dataDir: join(cwd, 'data'),
      demo: true,
      localTarget: true,
      models: { anthropic: {}, openai: {} },
      config: { hypervisors: {}, vms: {}, targets: {}, knowledge: [] },
      providers: [],
      warnings: [],
    })
  })

  test.each([
    ['beside a key', { BREAKGLASS_SSH_KEY_FILE: 'keys/devvm' }],
    ['off loopback', { BREAKGLASS_LISTEN: '0.0.0.0:80', BREAKGLASS_TOKEN_FILE: 'tokens' }],
  ])('%s this machine is no target, and the demo stays', async (_what, env) => {
    expect(await load(undefined, env as Record<string, string>)).toMatchObject({
      demo: true,
      localTarget: false,
    })
  })
})

test('a configuration is read with its defaults, paths from the folder of its file', async () => {
  await mkdir(join(cwd, 'etc'))
  const more = `
agents_dir: ~/agents
knowledge: [notes]
notify: {mail: {host: h, from: a@example.org, user: a, password_file: mail}}
`
  await writeFile(join(cwd, 'etc/b.yaml'), goodYaml + more)
  const env = { BREAKGLASS_CONFIG: 'etc/b.yaml', BREAKGLASS_DATA: 'var', SSH_AUTH_SOCK: '/run/agent' }
  const settings = loadConfig({ env, cwd })
  expect(settings).toMatchObject({
    demo: false,
    localTarget: false,
    dataDir: join(cwd, 'var'),
    sshAgent: '/run/agent',
  })
  expect(settings.config).toEqual({
    hypervisors: { pve1: { host: '10.0.0.5', port: 22, user: 'breakglass', host_keys: [hostKey] } },
    vms: {
      devvm: { hypervisor: 'pve1', key_file: join(cwd, 'etc/keys/devvm'), targets: ['box'], carries: [] },
    },
    targets: { box: { host: '10.0.0.20', port: 22, user: 'root', host_keys: [hostKey], mode: 'ask' } },
    knowledge: [join(cwd, 'etc/notes')],
    notify: {
      mail: {
        ...{ host: 'h', tls: 'starttls', from: 'a@example.org', recipients: [], strict: false },
        ...{ user: 'a', password_file: join(cwd, 'etc/mail') },
      },
    },
    agents_dir: join(homedir(), 'agents'),
  })
})

test('a name that comes over the wire finds only what was configured', async () => {
  for (const settings of [await load(goodYaml), await load(undefined)])
    for (const name of ['constructor', 'toString', '__proto__'])
      for (const record of [settings.config.targets, settings.config.vms, settings.config.hypervisors])
        expect(record[name]).toBeUndefined()
})

test('the first names stay first', async () => {
  const targets = ['zoo', 'a2', 'b-1', 'a10']
    .map((one) => `  ${one}: {host: h, host_keys: ["${hostKey}"]}`)
    .join('\n')
  expect(Object.keys((await load(`targets:\n${targets}`)).config.targets)).toEqual([
    'zoo',
    'a2',
    'b-1',
    'a10',
  ])
})

test('the addresses that Kubernetes announces for a Service of our name are no settings of ours', async () => {
  const announced = {
    BREAKGLASS_SERVICE_HOST: '10.96.0.1',
    BREAKGLASS_SERVICE_PORT: '80',
    BREAKGLASS_SERVICE_PORT_HTTP: '80',
    BREAKGLASS_PORT: 'tcp://10.96.0.1:80',
    BREAKGLASS_PORT_80_TCP: 'tcp://10.96.0.1:80',
    BREAKGLASS_PORT_80_TCP_ADDR: '10.96.0.1',
    BREAKGLASS_POWER_SERVICE_HOST: '10.96.0.2',
  }
  expect((await load(undefined, announced)).listen.port).toBe(8080)
})

test('the URL of Redis may stand in a file, and may name several machines', async () => {
  await writeFile(join(cwd, 'url'), 'rediss://u:p@h:6380/1\n')
  expect((await load(undefined, { REDIS_URL_FILE: 'url' })).redisUrl).toBe('rediss://u:p@h:6380/1')
  for (const url of [
    'redis+sentinel://:p@a:26379,b:26379/mymaster',
    'redis+cluster://a:7000,b:7001',
    'redis://h',
  ])
    expect((await load(undefined, { REDIS_URL: url })).redisUrl).toBe(url)
})

test('addresses of every kind are understood', async () => {
  const listen = async (text: string) =>
    (await load(undefined, { BREAKGLASS_LISTEN: text, BREAKGLASS_TOKEN_FILE: 'tokens' })).listen
  expect(await listen('[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(await listen('localhost:80')).toEqual({ host: 'localhost', port: 80 })
  expect(await listen('console.lan:80')).toEqual({ host: 'console.lan', port: 80 })
})

describe('what starts but may not work is warned of', () => {
  test('tokens that cross the network readable', async () => {
    const env = { BREAKGLASS_LISTEN: '0.0.0.0:8080', BREAKGLASS_TOKEN_FILE: 'tokens' }
    expect((await load(undefined, env)).warnings).toEqual([expect.stringMatching(/0\.0\.0\.0:8080.*no TLS/)])
  })

  test('a lost key, which must not take the power path of other VMs with it', async () => {
    await rm(join(cwd, 'keys/devvm'))
    expect((await load(goodYaml)).warnings).toContainEqual(
      expect.stringMatching(/^vms\.devvm\.key_file: .*does not exist/),
    )
  })

  test('a key that every account can read', async () => {
    await chmod(join(cwd, 'keys/devvm'), 0o644)
    expect((await load(goodYaml)).warnings).toContainEqual(
      expect.stringMatching(/^vms\.devvm\.key_file: every account/),
    )
  })

  test('a target without any key', async () => {
    expect((await load(goodYaml)).warnings).toEqual([expect.stringMatching(/^targets\.box: no key/)])
    expect((await load(goodYaml, { SSH_AUTH_SOCK: '/run/agent' })).warnings).toEqual([])
    expect((await load(goodYaml, { BREAKGLASS_SSH_KEY_FILE: 'keys/devvm' })).warnings).toEqual([])
  })

  test('a mailbox without its password, and one that may write to nobody', async () => {
    const mail = '{host: h, from: a@example.org, user: a, password_file: none, strict: true}'
    expect(
      (await load(`${goodYaml}notify: {mail: ${mail}}`, { SSH_AUTH_SOCK: '/run/agent' })).warnings,
    ).toEqual([
      'notify.mail.password_file: the file does not exist; no mail can be sent.',
      'notify.mail: strict, and nobody under recipients: every mail is refused.',
    ])
  })

  test('a folder of notes that is none', async () => {
    const yaml = `${goodYaml}knowledge: [keys, tokens, none]`
    expect((await load(yaml, { SSH_AUTH_SOCK: '/run/agent' })).warnings).toEqual([
      'knowledge[1]: it is no folder; nothing is found in it.',
      'knowledge[2]: it does not exist; nothing is found in it.',
    ])
  })

  test('a file without a machine', async () => {
    expect((await load('{}')).warnings).toEqual([
      'b.yaml names neither a vm nor a target nor a host of the fleet.',
    ])
  })
})
