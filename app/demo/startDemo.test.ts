import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { Client, ClientChannel, ConnectConfig } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHostAnswer, readHostStatus } from '#app/power/hostAnswer.ts'
import { execFresh } from '#app/ssh/execFresh.ts'
import { startDemo, type Demo } from './startDemo.ts'

const logger = { info: () => undefined, warn: () => undefined }
let dataDir: string
let demo: Demo

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "breakglass demo's "))
  demo = await startDemo({ dataDir, logger })
})
afterAll(async () => {
  await demo.stop()
  await rm(dataDir, { recursive: true, maxRetries: 5, retryDelay: 200 })
})

const request = (command: string) =>
  execFresh(demo.vm.hypervisor, { command, timeoutMs: 20_000, maxOutputBytes: 500_000 })
const status = async () => readHostStatus(readHostAnswer((await request('status')).stdout).text)

describe('the SSH server of the demo', () => {
  /** A connection of the plain client, with the demo's own key unless told otherwise. */
  async function connected(config: Partial<ConnectConfig> = {}): Promise<Client> {
    const { host, port, user, key } = demo.vm.hypervisor
    const client = new ssh2.Client()
    const { promise, resolve, reject } = Promise.withResolvers<Client>()
    client.on('ready', () => resolve(client)).on('error', reject)
    const privateKey = 'privateKey' in key ? key.privateKey : ''
    client.connect({ host, port, username: user, privateKey, ...config })
    return await promise
  }
  /** Resolves with the error that a request ends in; fails when it is granted. */
  async function refusal(
    ask: (client: Client, answer: (error: Error | undefined) => void) => void,
  ): Promise<string> {
    const client = await connected()
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    ask(client, resolve)
    const error = await promise
    client.end()
    return error?.message ?? 'granted'
  }

  it.each<[string, () => Partial<ConnectConfig>]>([
    ['another key', () => ({ privateKey: ssh2.utils.generateKeyPairSync('ed25519').private })],
    ['another account', () => ({ username: 'root' })],
    ['a password', () => ({ privateKey: '', password: 'breakglass' })],
  ])('refuses %s', async (_what, config) => {
    await expect(connected(config())).rejects.toThrow('All configured authentication methods failed')
  })

  it('refuses a host key that is not its own', async () => {
    const { public: otherKey } = ssh2.utils.generateKeyPairSync('ed25519')
    const result = await execFresh(
      { ...demo.vm.hypervisor, hostKeys: [otherKey] },
      { command: 'status', timeoutMs: 5000, maxOutputBytes: 1000 },
    )
    expect(result.failedLeg).toBe('host_key')
  })

  it.each<[string, (client: Client, answer: (error: Error | undefined) => void) => void]>([
    ['a shell', (client, answer) => client.shell(false, (error) => answer(error))],
    ['a shell on a terminal', (client, answer) => client.shell((error) => answer(error))],
    [
      'a terminal for a command',
      (client, answer) => client.exec('status', { pty: true }, (error) => answer(error)),
    ],
    ['sftp', (client, answer) => client.sftp((error) => answer(error))],
    ['another subsystem', (client, answer) => client.subsys('netconf', (error) => answer(error))],
    [
      'forwarding out',
      (client, answer) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, (error) => answer(error)),
    ],
    ['forwarding in', (client, answer) => client.forwardIn('127.0.0.1', 0, (error) => answer(error))],
    [
      'forwarding to a socket',
      (client, answer) => client.openssh_forwardOutStreamLocal('/tmp/x', (error) => answer(error)),
    ],
  ])('refuses %s', async (_what, ask) => {
    expect(await refusal(ask)).not.toBe('granted')
  })

  it('runs the forced command whatever is asked for, and passes on its refusal', async () => {
    const result = await request('sh -c "id"')
    expect(result.exitCode).toBe(64)
    expect(readHostAnswer(result.stdout).end).toMatchObject({ outcome: 'refused' })
  })

  it('survives a request that no program can be given', async () => {
    const client = await connected()
    const { promise, resolve } = Promise.withResolvers<number | null>()
    client.exec('status\0stop', (error, channel: ClientChannel) => {
      if (error) return resolve(null)
      channel.on('exit', resolve).resume()
    })
    expect(await promise).not.toBe(0)
    client.end()
    expect((await status())?.state).toBe('running')
  })
})

describe('the VM of the demo', () => {
  it('is stopped, started, reset and cycled, each in a few seconds', async () => {
    const first = await status()
    expect(first).toMatchObject({ state: 'running', wedged: false, pending: ['memory: 8192 → 16384'] })
    expect(await request('stop')).toMatchObject({ exitCode: 0 })
    expect(await status()).toMatchObject({ state: 'stopped', pid: null })
    expect(await request('start')).toMatchObject({ exitCode: 0 })
    const started = await status()
    expect(started?.pid).not.toBe(first?.pid)
    expect(await request('reset')).toMatchObject({ exitCode: 0 })
    expect((await status())?.pid).toBe(started?.pid)
    expect(await request('cycle')).toMatchObject({ exitCode: 0 })
    const cycled = await status()
    expect(cycled?.pid).not.toBe(started?.pid)
    expect(cycled?.pending).toEqual([])
  })

  it('can be wedged: then reset fails and a cycle helps', async () => {
    await writeFile(join(demo.folder, 'wedge'), '')
    expect(await status()).toMatchObject({ state: 'running', wedged: true })
    const reset = await request('reset')
    expect(reset.exitCode).toBe(70)
    expect(reset.stderr).toContain('got timeout')
    expect(await request('cycle')).toMatchObject({ exitCode: 0 })
    expect(await status()).toMatchObject({ state: 'running', wedged: false })
  })

  it('can be locked, by a backup or by another qm', async () => {
    await writeFile(join(demo.folder, 'lock'), 'backup\n')
    expect(await status()).toMatchObject({ locked: 'backup' })
    expect((await request('cycle')).stderr).toContain('VM is locked (backup)')
    await rm(join(demo.folder, 'lock'))
    await writeFile(join(demo.folder, 'busy'), '')
    expect((await request('stop')).stderr).toContain(
      "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
    )
    await rm(join(demo.folder, 'busy'))
    expect(await status()).toMatchObject({ state: 'running', locked: null })
  })

  it('has a forensics report', async () => {
    const { exitCode, stdout } = await request('forensics')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('== status')
    expect(stdout).toContain('running-qemu: 9.2.0')
  })

  it('keeps its state over a restart, with new keys', async () => {
    await request('stop')
    const again = await startDemo({ dataDir, logger })
    const result = await execFresh(again.vm.hypervisor, {
      command: 'status',
      timeoutMs: 9000,
      maxOutputBytes: 9000,
    })
    expect(readHostStatus(readHostAnswer(result.stdout).text)?.state).toBe('stopped')
    expect(again.vm.hypervisor.hostKeys).not.toEqual(demo.vm.hypervisor.hostKeys)
    await again.stop()
    await request('start')
  })

  it('leaves no secret on disk', async () => {
    const conf = await readFile(join(demo.folder, 'demo.conf'), 'utf8')
    expect(conf).not.toContain('PRIVATE KEY')
  })
})
