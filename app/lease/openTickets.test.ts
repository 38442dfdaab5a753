import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RedisServer, until } from '../../test/fakes/redisServer.ts'
import { openTickets } from './openTickets.ts'

type OpenTickets = Awaited<ReturnType<typeof openTickets>>

function testTickets(open: () => Promise<OpenTickets>): void {
  let tickets: OpenTickets
  beforeAll(async () => {
    tickets = await open()
  })
  afterAll(() => tickets.close())

  test('a ticket fetches its value once', async () => {
    const [a, b] = [await tickets.issue('{"kill":"a"}', 60_000), await tickets.issue('b', 60_000)]
    expect(a).toMatch(/^[\w-]{32}$/)
    expect(a).not.toBe(b)
    const taken = await Promise.all([tickets.take(a), tickets.take(a)])
    expect(taken.filter((value) => value !== null)).toEqual(['{"kill":"a"}'])
    expect(await tickets.take(b)).toBe('b')
  })

  test('what was never issued is nothing', async () => {
    expect(await tickets.take('')).toBeNull()
    expect(await tickets.take('breakglass:ticket:*')).toBeNull()
  })

  test('a ticket ends with its life', async () => {
    const short = await tickets.issue('short', 1)
    const long = await tickets.issue('long', 60_000)
    const endedAt = performance.now() + 20
    await until(() => performance.now() > endedAt)
    expect(await tickets.take(short)).toBeNull()
    expect(await tickets.take(long)).toBe('long')
  })
}

describe('in memory', () => testTickets(() => openTickets({})))

describe('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())
  testTickets(() => openTickets({ redisUrl: server.url }))

  test('another replica takes it, and no key gives it away', async () => {
    const [one, other] = [
      await openTickets({ redisUrl: server.url }),
      await openTickets({ redisUrl: server.url }),
    ]
    const ticket = await one.issue('here', 60_000)
    expect(JSON.stringify(await server.command('KEYS', '*'))).not.toContain(ticket)
    expect(await other.take(ticket)).toBe('here')
    await one.close()
    await other.close()
  })

  test('while Redis is away neither is known', async () => {
    const tickets = await openTickets({ redisUrl: server.url })
    await server.kill()
    await expect(tickets.issue('x', 1000)).rejects.toMatchObject({ code: 'log_unavailable' })
    await expect(tickets.take('x')).rejects.toMatchObject({ code: 'log_unavailable' })
    await tickets.close()
    await server.restart()
  })
})
