import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Host } from '#app/schema/fleet.ts'
import { startFleetReplay, type FleetReplay } from '../fakes/fleetReplay.ts'
import { RedisServer, until } from '../fakes/redisServer.ts'

const names = Array.from({ length: 24 }, (_, index) => `host${index}`)
const often = { intervalMs: 2000, watchedIntervalMs: 500 }
const tmux = [{ number: 1, name: 'train', created: 1_700_000_000, clients: 0 }]

interface Polled {
  polled: string
  status: string
  cpu: number | null
  /** Nothing was known of it before. */
  first: boolean
  attached: number | null
}

class Replica {
  readonly name: string
  readonly polled: Polled[] = []
  readonly #child: ChildProcess
  readonly #answers = new Map<number, Host[]>()
  #asked = 0

  constructor(name: string, redisUrl: string) {
    this.name = name
    this.#child = fork(resolve(import.meta.dirname, '../fakes/fleetReplica.ts'), [name, redisUrl])
    this.#child.on('message', (message: Polled | { answer: number; hosts: Host[] } | { ready: true }) => {
      if ('polled' in message) this.polled.push(message)
      else if ('answer' in message) this.#answers.set(message.answer, message.hosts)
      else this.#child.send({ hosts: names.map((host) => replay.fleetHost(host, often)) })
    })
  }

  times = (host: string): number => this.polled.filter(({ polled }) => polled === host).length
  last = (host: string): Polled | undefined => this.polled.findLast(({ polled }) => polled === host)
  watch = (hosts: string[]): void => void this.#child.send({ watch: hosts })

  async hosts(): Promise<Host[]> {
    const id = (this.#asked += 1)
    this.#child.send({ ask: id })
    await until(() => this.#answers.has(id))
    return this.#answers.get(id) ?? []
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }
}

let replay: FleetReplay
let redis: RedisServer
let a: Replica
let b: Replica
beforeAll(async () => {
  replay = await startFleetReplay(names)
})
beforeEach(async () => {
  redis = await RedisServer.start()
  for (const name of names) replay.host(name).show({ ticks: [100, 900], tmux })
  a = new Replica('a', redis.url)
  b = new Replica('b', redis.url)
  await settled(a, b)
})
afterEach(async () => {
  await Promise.all([a, b].map((replica) => replica.end('SIGKILL')))
  await redis.stop()
})
afterAll(() => replay.stop())

/** Those that each has polled since now, once all have been polled twice by somebody. */
async function dividedBetween(...replicas: Replica[]): Promise<string[][]> {
  const before = replicas.map(({ polled }) => polled.length)
  const since = (index: number) => replicas[index]?.polled.slice(before[index]) ?? []
  const all = () => replicas.flatMap((_, index) => since(index).map(({ polled }) => polled))
  await until(() => names.every((name) => all().filter((polled) => polled === name).length >= 2), 60_000)
  return replicas.map((_, index) => [...new Set(since(index).map(({ polled }) => polled))])
}

/** Until each host is polled by exactly one, and each has some. */
async function settled(...replicas: Replica[]): Promise<string[][]> {
  let parts: string[][] = []
  await until(async () => {
    parts = await dividedBetween(...replicas)
    return parts.flat().length === names.length && parts.every(({ length }) => length > 0)
  }, 60_000)
  return parts
}

const limit = { timeout: 150_000 }

describe('two replicas on one Redis', limit, () => {
  test('each host is polled by exactly one, and both know all of them', async () => {
    const runs = names.map((name) => replay.host(name).runs())
    const polls = a.polled.length + b.polled.length
    const parts = await dividedBetween(a, b)
    expect(parts.flat().toSorted()).toEqual(names.toSorted())
    // The hosts' side counts the same, and what has begun and is not told yet.
    const ran = names.reduce((sum, name, index) => sum + replay.host(name).runs() - (runs[index] ?? 0), 0)
    expect(Math.abs(ran - (a.polled.length + b.polled.length - polls))).toBeLessThanOrEqual(names.length)
    for (const replica of [a, b]) {
      const hosts = await replica.hosts()
      expect(hosts.map(({ name }) => name)).toEqual(names)
      expect(new Set(hosts.map(({ status }) => status))).toEqual(new Set(['online']))
    }
  })

  test('who looks at a host on one replica hastens it on the other', async () => {
    const [[here = ''] = [], [there = ''] = []] = await settled(a, b)
    const before = [a.times(here), b.times(there)]
    const others = a.polled.length + b.polled.length
    await until(() => {
      a.watch([here, there])
      // Four times as often as the others.
      return a.times(here) >= (before[0] ?? 0) + 10 && b.times(there) >= (before[1] ?? 0) + 10
    })
    const rest = a.polled.length + b.polled.length - others - 20
    expect(rest / (names.length - 2)).toBeLessThan(9)
  })

  test('kill -9 one: all its hosts are adopted within a minute, and nothing that was known is forgotten', async () => {
    const [, lost = []] = await settled(a, b)
    const known = new Map(lost.map((name) => [name, b.last(name)?.attached]))
    const since = a.polled.length
    await b.end('SIGKILL')
    // What is read of the cores next makes 50 % out of what the dead one has seen last.
    for (const name of names) replay.host(name).show({ ticks: [200, 1000], tmux, uptimeS: 86_500 })
    const firstOf = (name: string) => a.polled.slice(since).find(({ polled }) => polled === name)
    await until(() => lost.every(firstOf), 60_000)
    for (const name of lost)
      expect(firstOf(name)).toMatchObject({
        status: 'online',
        first: false,
        cpu: 50,
        attached: known.get(name),
      })
    expect(await dividedBetween(a)).toEqual([expect.arrayContaining(names)])
  })

  test('one that is stopped hands over at once, and one that comes back gets its share', async () => {
    const [, given = []] = await settled(a, b)
    const before = given.map((name) => a.times(name))
    await b.end('SIGTERM')
    await until(() => given.every((name, index) => a.times(name) > (before[index] ?? 0)), 20_000)
    b = new Replica('b2', redis.url)
    await settled(a, b)
    expect([...a.polled, ...b.polled].every(({ status }) => status === 'online')).toBe(true)
  })

  test('Redis is killed: each keeps what it had; it comes back empty: still each host has one', async () => {
    const before = await settled(a, b)
    await redis.kill()
    expect(await dividedBetween(a, b)).toEqual(before.map((part) => expect.arrayContaining(part)))
    expect(await dividedBetween(a, b)).toEqual(before.map((part) => expect.arrayContaining(part)))
    await redis.restart({ keepData: false })
    await settled(a, b)
    await until(async () => Number(await redis.command('HLEN', 'breakglass:documents:host')) === names.length)
    const hosts = await a.hosts()
    expect(new Set(hosts.map(({ status }) => status))).toEqual(new Set(['online']))
    expect(await redis.command('KEYS', 'breakglass:{history:*')).not.toEqual([])
  })
})
