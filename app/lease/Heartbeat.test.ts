import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RedisServer, until } from '../../test/fakes/redisServer.ts'
import { openHeartbeat } from './openHeartbeat.ts'
import { RedisHeartbeat } from './RedisHeartbeat.ts'

describe('a heartbeat in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  function open(replica: string, times = { beatMs: 50, lifeMs: 300 }): RedisHeartbeat {
    const heartbeat = new RedisHeartbeat(server.url, replica, times)
    onTestFinished(() => heartbeat.stop())
    return heartbeat
  }
  const isDead = (by: RedisHeartbeat, replica: string) => until(async () => !(await by.alive(replica)))

  test('a replica that beats lives, also for others, well beyond one life', async () => {
    const [a, b] = [open('a'), open('b')]
    a.start()
    b.start()
    await isDead(b, 'nobody')
    const until = performance.now() + 700
    while (performance.now() < until) expect(await b.alive('a')).toBe(true)
  })

  test('a replica that stopped is dead at once, one that vanished after one life', async () => {
    const [a, b] = [open('stops'), open('looks')]
    a.start()
    b.start()
    await isDead(b, 'nobody')
    await a.stop()
    expect(await b.alive('stops')).toBe(false)
    await server.command('SET', 'breakglass:replica:vanished', '1', 'PX', '200')
    expect(await b.alive('vanished')).toBe(true)
    await isDead(b, 'vanished')
  })

  test('when Redis comes back empty everybody counts as living for one life', async () => {
    const b = open('asks', { beatMs: 50, lifeMs: 1500 })
    b.start()
    await isDead(b, 'nobody')
    await server.restart({ keepData: false })
    await until(() =>
      b.alive('nobody').then(
        (alive) => alive,
        () => false,
      ),
    )
    await isDead(b, 'nobody')
    expect(await b.alive('asks')).toBe(true)
  })

  test('while Redis is away nobody is called dead', async () => {
    const b = open('alone')
    b.start()
    await isDead(b, 'nobody')
    await server.kill()
    await expect(b.alive('nobody')).rejects.toMatchObject({ code: 'log_unavailable' })
    await server.restart()
  })
})

test('without Redis only this process lives', async () => {
  const heartbeat = await openHeartbeat({ replica: 'me' })
  heartbeat.start()
  expect(await heartbeat.alive('me')).toBe(true)
  expect(await heartbeat.alive('before the restart')).toBe(false)
  await heartbeat.stop()
})
