import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RedisServer, startCluster, until } from '../../test/fakes/redisServer.ts'
import { openShares } from './openShares.ts'
import { RedisShares } from './RedisShares.ts'
import { shardCount, shardOf } from './Shares.ts'

/** One name for each shard. */
const names: string[] = []
for (let i = 0; names.length < shardCount; i += 1)
  if (!names.some((name) => shardOf(name) === shardOf(`host${i}`))) names.push(`host${i}`)

const times = { beatMs: 50, lifeMs: 600 }

function join(url: string, what: string, replica: string) {
  const shares = new RedisShares(url, { what, replica, times })
  const asked: string[] = []
  let changes = 0
  let stopped = false
  const stop = async () => {
    if (!stopped) await shares.stop()
    stopped = true
  }
  onTestFinished(stop)
  shares.start({
    onChange: () => (changes += 1),
    onAsk: (what, names) => asked.push(`${what} ${names.join()}`),
  })
  return {
    shares,
    asked,
    stop,
    changes: () => changes,
    owned: () => names.filter((name) => shares.owns(name)).length,
  }
}
type Member = ReturnType<typeof join>

/** Each name has one owner among these. */
const isDivided = (...members: Member[]): boolean =>
  names.every((name) => members.filter(({ shares }) => shares.owns(name)).length === 1)

test('without Redis all belongs to this process', async () => {
  const shares = await openShares({ replica: 'me', what: 'test' })
  const asked: unknown[] = []
  expect(shares.owns('a')).toBe(false)
  shares.start({ onChange: () => undefined, onAsk: (...all) => asked.push(all) })
  expect(shares.owns('a')).toBe(true)
  shares.ask('watch', ['a'])
  expect(asked).toEqual([['watch', ['a']]])
  await shares.stop()
  expect(shares.owns('a')).toBe(false)
})

test('names are spread evenly over the shards', () => {
  const counts = Map.groupBy(
    Array.from({ length: 6400 }, (_, i) => `gpu-node-${i}.lab`),
    shardOf,
  )
  expect(counts.size).toBe(shardCount)
  for (const { length } of counts.values()) expect(Math.abs(length - 100)).toBeLessThan(60)
})

describe('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  test('who comes first has all, who comes later gets a fair share, and nothing has two owners', async () => {
    const a = join(server.url, 'fair', 'a')
    await until(() => a.owned() === 64)
    const b = join(server.url, 'fair', 'b')
    await until(() => {
      expect(names.filter((name) => a.shares.owns(name) && b.shares.owns(name))).toEqual([])
      return a.owned() === 32 && b.owned() === 32
    })
    const c = join(server.url, 'fair', 'c')
    await until(() => a.owned() + b.owned() + c.owned() === 64 && c.owned() >= 20)
    expect(isDivided(a, b, c)).toBe(true)
  })

  test('who stops lets go at once, who vanishes after one life', async () => {
    const a = join(server.url, 'death', 'a')
    await until(() => a.owned() === 64)
    const b = join(server.url, 'death', 'b')
    await until(() => b.owned() === 32 && a.owned() === 32)
    await b.stop()
    expect(b.owned()).toBe(0)
    await until(() => a.owned() === 64)
    // As a replica that was killed leaves it.
    await server.command('ZADD', 'breakglass:{shares:death}:replicas', String(Date.now() + 600), 'dead')
    await server.command('HSET', 'breakglass:{shares:death}:shards', '7', 'dead')
    await until(() => a.owned() < 64)
    await until(() => a.owned() === 64)
  })

  test('what is asked reaches whoever owns it', async () => {
    const [a, b] = [join(server.url, 'ask', 'a'), join(server.url, 'ask', 'b')]
    await until(() => a.owned() === 32 && b.owned() === 32)
    await until(() => {
      a.shares.ask('watch', ['x', 'y'])
      return b.asked.includes('watch x,y') && a.asked.includes('watch x,y')
    })
  })

  test('while Redis is away all keep what they had, and afterwards too, even if it forgot everything', async () => {
    const [a, b] = [join(server.url, 'away', 'a'), join(server.url, 'away', 'b')]
    await until(() => a.owned() === 32 && b.owned() === 32)
    const before = names.map((name) => a.shares.owns(name))
    const changes = [a.changes(), b.changes()]
    await server.kill()
    const longer = performance.now() + 2 * times.lifeMs
    await until(() => performance.now() > longer)
    expect([a.owned(), b.owned()]).toEqual([32, 32])
    // It goes on with them, but nobody can say that no other does.
    expect(names.filter((name) => a.shares.confirms(name) || b.shares.confirms(name))).toEqual([])
    await server.restart({ keepData: false })
    const back = performance.now() + 2 * times.lifeMs
    await until(() => performance.now() > back)
    await until(() => isDivided(a, b))
    expect(names.map((name) => a.shares.owns(name))).toEqual(before)
    expect(names.map((name) => a.shares.confirms(name))).toEqual(before)
    expect([a.changes(), b.changes()]).toEqual(changes)
  })

  test('who begins without Redis takes all after one life, and its share when it is there', async () => {
    const other = await RedisServer.start()
    onTestFinished(() => other.stop())
    await other.kill()
    const [a, b] = [join(other.url, 'start', 'a'), join(other.url, 'start', 'b')]
    expect(a.owned()).toBe(0)
    await until(() => a.owned() === 64 && b.owned() === 64)
    await other.restart()
    await until(() => isDivided(a, b))
    await until(() => a.owned() === 32 && b.owned() === 32)
  })
})

test('in a Redis Cluster', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const [a, b] = [join(cluster.url, 'cluster', 'a'), join(cluster.url, 'cluster', 'b')]
  await until(() => a.owned() === 32 && b.owned() === 32)
  await until(() => {
    a.shares.ask('watch', ['x'])
    return b.asked.includes('watch x')
  })
  expect(isDivided(a, b)).toBe(true)
})
