import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { startFleet, type FleetKit } from '../fakes/fleetKit.ts'
import { startFleetReplay, type FleetReplay } from '../fakes/fleetReplay.ts'
import { probeText } from '../fakes/probeText.ts'
import { freePort, until } from '../fakes/redisServer.ts'

const healthy = ['a', 'b', 'c', 'd']
/** Polled every second, so that what another host costs them would be seen. */
const often = { intervalMs: 1000, watchedIntervalMs: 1000 }

let replay: FleetReplay
let silent: Server
let folder: string
let kit: FleetKit
beforeAll(async () => {
  replay = await startFleetReplay([...healthy, 'bad'])
  silent = createServer(() => undefined).listen(0, '127.0.0.1')
  folder = mkdtempSync(join(tmpdir(), 'fleet-poll-'))
})
beforeEach(async () => {
  for (const name of [...healthy, 'bad']) replay.host(name).show()
  kit = await startFleet({ ssh: { connectTimeoutMs: 5000 }, probeTimeoutMs: 8000 })
})
afterEach(() => kit.stop())
afterAll(async () => {
  silent.close()
  await replay.stop()
  rmSync(folder, { recursive: true, force: true })
})

const bad = (change: Partial<NonNullable<FleetHost['destination']>> = {}): FleetHost => {
  const host = replay.fleetHost('bad', often)
  return { ...host, destination: host.destination && { ...host.destination, ...change } }
}
const configure = (host: FleetHost): void =>
  kit.fleet.configure([host, ...healthy.map((name) => replay.fleetHost(name, often))])

/** Each healthy host is polled so often more, while `still` holds. */
async function goOn(times: number, still: () => boolean = () => true): Promise<void> {
  const before = healthy.map((name) => kit.polls(name))
  await until(() => {
    if (!still()) throw new Error('it ended before the others were polled')
    return healthy.every((name, index) => kit.polls(name) >= (before[index] ?? 0) + times)
  })
  for (const name of healthy) expect(kit.memory(name)?.status).toBe('online')
}
const badHost = () => kit.fleet.host('bad')

describe('a host that cannot be reached is offline, with the leg and a sentence, and the others go on', () => {
  const port = () => ({ port: (silent.address() as AddressInfo).port }) // a TCP server that listens
  test.each<[string, () => Promise<Parameters<typeof bad>[0]>, string, RegExp]>([
    ['refuses', async () => ({ port: await freePort() }), 'tcp', /refused/],
    ['says nothing after the connection', async () => port(), 'tcp', /within 5 s|SSH/],
    ['has no such name', async () => ({ host: 'nobody.invalid' }), 'name', /nobody\.invalid/],
    ['rejects the key', async () => ({ key: { file: await otherKey() } }), 'auth', /key/],
    ['has another host key', async () => ({ hostKeys: [await otherHostKey()] }), 'host_key', /key/],
  ])('it %s', async (_, change, leg, sentence) => {
    configure(bad(await change()))
    await goOn(3)
    await until(() => kit.polls('bad') >= 1)
    const host = await badHost()
    expect(host).toMatchObject({ status: 'offline', failed_leg: leg, last_seen: null, cpu_percent: null })
    expect(host.detail).toMatch(sentence)
    await goOn(2)
  })

  async function otherKey(): Promise<string> {
    const { openSshKeyPair } = await import('#app/demo/openSshKeyPair.ts')
    const file = join(folder, 'other-key')
    writeFileSync(file, openSshKeyPair().privateKey, { mode: 0o600 })
    return file
  }
  async function otherHostKey(): Promise<string> {
    const { openSshKeyPair } = await import('#app/demo/openSshKeyPair.ts')
    return openSshKeyPair().publicKey
  }
})

describe('a host whose probe misbehaves', () => {
  test('hangs in mid-output: the others go on meanwhile, what it said counts, and it is said', async () => {
    const half = probeText().slice(0, 700)
    writeFileSync(join(folder, 'half'), half)
    replay.host('bad').run(`cat '${join(folder, 'half')}'; exec sleep 300`)
    configure(bad())
    await goOn(3, () => kit.polls('bad') === 0)
    await until(() => kit.polls('bad') === 1)
    const host = await badHost()
    expect(host.status).not.toBe('online')
    expect(host.detail).toMatch(/within 8 s|cut off|end/)
    await goOn(2)
  })

  test('answers late: nobody waits for it, and then it is online', async () => {
    const gate = join(folder, 'gate')
    writeFileSync(join(folder, 'late'), probeText({ hostname: 'late' }))
    replay.host('bad').run(`until [ -e '${gate}' ]; do sleep 0.1; done; cat '${join(folder, 'late')}'`)
    configure(bad())
    await until(() => replay.host('bad').runs() > 0)
    await goOn(3, () => kit.polls('bad') === 0)
    writeFileSync(gate, '')
    await until(() => kit.polls('bad') === 1)
    expect(await badHost()).toMatchObject({ status: 'online' })
    expect(existsSync(gate)).toBe(true)
  })

  test('prints garbage: it is not online, and no figure is made of it', async () => {
    replay.host('bad').run('head -c 30000 /dev/urandom')
    configure(bad())
    await until(() => kit.polls('bad') >= 2)
    const host = await badHost()
    expect(host.status).not.toBe('online')
    expect(host).toMatchObject({ cpu_percent: null, memory_percent: null, gpus: [], tmux: [] })
    await goOn(2)
  })

  test('prints 100 MB: it is cut off, and memory stays what it was', async () => {
    configure(replay.fleetHost('a'))
    await goOn(2)
    replay.host('bad').run("head -c 100000000 /dev/zero | tr '\\0' x")
    const before = process.memoryUsage().rss
    let most = 0
    const look = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
    configure(bad())
    await until(() => kit.polls('bad') >= 2)
    clearInterval(look)
    expect(most - before).toBeLessThan(60_000_000)
    const host = await badHost()
    expect(host.status).not.toBe('online')
    expect(host.detail).toMatch(/256 kB/)
    await goOn(2)
  })

  test('hangs for good, forty times over: the healthy ones keep their pace', async () => {
    const { port } = silent.address() as AddressInfo // a TCP server that listens
    const hung = Array.from({ length: 40 }, (_, index): FleetHost => {
      const host = bad({ port })
      return {
        ...host,
        name: `hung${index}`,
        destination: host.destination && { ...host.destination, name: `hung${index}` },
      }
    })
    kit.fleet.configure([...hung, ...healthy.map((name) => replay.fleetHost(name, often))])
    await goOn(3, () => hung.every(({ name }) => kit.polls(name) === 0))
  })
})

describe('a host that changes between polls', () => {
  test('its reboot is noticed, and the load of before is not compared with that of after', async () => {
    replay.host('bad').show({ bootId: 'aaaaaaaa-0000-0000-0000-000000000000', ticks: [500, 500] })
    configure(bad())
    await until(() => kit.polls('bad') >= 1)
    expect((await badHost()).rebooted_at).toBeUndefined()
    replay.host('bad').show({ bootId: 'bbbbbbbb-0000-0000-0000-000000000000', ticks: [10, 90], uptimeS: 60 })
    await until(async () => (await badHost()).rebooted_at !== undefined)
    expect((await badHost()).cpu_percent).toBeNull()
  })

  test('its clock is off, and ours counts', async () => {
    replay.host('bad').show({ clock: Math.floor(Date.now() / 1000) + 10_800 })
    configure(bad())
    await until(() => kit.polls('bad') >= 1)
    const host = await badHost()
    expect(host.status).toBe('online')
    expect(Math.abs((host.clock_offset_s ?? 0) - 10_800)).toBeLessThan(60)
    expect(Math.abs(Date.parse(host.last_seen ?? '') - Date.now())).toBeLessThan(60_000)
  })

  test('its connection breaks: the next poll makes a new one', async () => {
    configure(bad())
    await goOn(2)
    replay.killConnections()
    await goOn(3)
    expect(await badHost()).toMatchObject({ status: 'online' })
  })
})

test('another address counts at once, and a host that is no more is forgotten', async () => {
  configure(bad({ port: await freePort() }))
  await until(() => kit.polls('bad') >= 1)
  expect(await badHost()).toMatchObject({ status: 'offline' })
  configure(bad())
  await until(async () => (await badHost()).status === 'online')
  await until(async () => (await kit.store.documents.read('host', ['bad'])).size === 1)
  kit.fleet.configure(healthy.map((name) => replay.fleetHost(name, often)))
  await expect(badHost()).rejects.toMatchObject({ code: 'not_found' })
  expect((await kit.store.documents.read('host', ['bad'])).size).toBe(0)
  const runs = replay.host('bad').runs()
  await goOn(3)
  expect(replay.host('bad').runs()).toBe(runs)
})
