import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { answerCuttingProxy } from '../../test/fakes/answerCuttingProxy.ts'
import { RedisServer, startCluster, until } from '../../test/fakes/redisServer.ts'
import {
  appendAt,
  newStream,
  none,
  range,
  readAll,
  recordFollower,
  seqs,
  texts,
} from './conformance/logTools.ts'
import { testEventLog } from './conformance/testEventLog.ts'
import { createTicket, toBatch } from './frame.ts'
import { RedisEventLog } from './RedisEventLog.ts'

function openLog(url: string): RedisEventLog {
  const log = new RedisEventLog(url)
  onTestFinished(() => log.close())
  return log
}

testEventLog('RedisEventLog', async () => {
  const server = await RedisServer.start()
  const log = new RedisEventLog(server.url)
  return {
    log,
    restart: () => server.restart(),
    lose: () => server.wipe(),
    async close() {
      await log.close()
      await server.stop()
    },
  }
})

describe('several replicas and one Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  test('replicas follow each other, small appends and large', async () => {
    const [ours, theirs] = [openLog(server.url), openLog(server.url)]
    const stream = newStream()
    const follower = recordFollower(theirs, stream, none)
    let at = await appendAt(ours, stream, none, texts(2))
    at = await appendAt(ours, stream, at, [{ kind: 'text', text: 'x'.repeat(300_000) }])
    for (let i = 0; i < 300; i++) at = await appendAt(i % 2 ? ours : theirs, stream, at, texts(1))
    await follower.reached(303)
    expect(follower.told).toEqual(await readAll(ours, stream))
  })

  test('the writers of two replicas never both win', async () => {
    const [ours, theirs] = [openLog(server.url), openLog(server.url)]
    for (let round = 0; round < 30; round++) {
      const stream = newStream()
      const at = await appendAt(ours, stream, none, texts(1))
      const answers = await Promise.all([ours, theirs].map((log) => log.append(stream, at, texts(1))))
      expect(answers.filter(({ ok }) => ok).length).toBe(1)
    }
  })

  test('a long stream of single appends lies in few entries, so that it is read fast', async () => {
    const log = openLog(server.url)
    const stream = newStream()
    let at = none
    for (let i = 0; i < 600; i++) at = await appendAt(log, stream, at, texts(1))
    expect(await server.command('XLEN', `breakglass:{${stream}}`)).toBe(4 + (600 - 511))
    expect(seqs(await readAll(log, stream))).toEqual(range(1, 600))
  })

  test('a removal by another replica resets followers', async () => {
    const [ours, theirs] = [openLog(server.url), openLog(server.url)]
    const stream = newStream()
    const at = await appendAt(ours, stream, none, texts(2))
    const follower = recordFollower(theirs, stream, at)
    await appendAt(ours, stream, at, texts(1))
    await follower.reached(3)
    await ours.remove(stream)
    await follower.when(() => follower.changes.at(-1)?.type === 'reset')
    expect(follower.changes.at(-1)).toMatchObject({ epoch: '', head: 0 })
  })

  test('an append whose answer was lost is tried again and appended once', async () => {
    const proxy = await answerCuttingProxy(server.port)
    onTestFinished(() => proxy.stop())
    const log = openLog(`redis://127.0.0.1:${proxy.port}`)
    const stream = newStream()
    let at = await appendAt(log, stream, none, texts(1))
    for (let n = 1; n <= 3; n++) {
      proxy.cutAfter(`lost answer ${n}`)
      at = await appendAt(log, stream, at, [{ kind: 'text', text: `lost answer ${n}` }])
    }
    expect(proxy.cuts()).toBe(3)
    expect(seqs(await readAll(log, stream))).toEqual([1, 2, 3, 4])
  })

  test('a follower whose connection broke is told what it missed', async () => {
    const proxy = await answerCuttingProxy(server.port)
    onTestFinished(() => proxy.stop())
    const [ours, theirs] = [openLog(server.url), openLog(`redis://127.0.0.1:${proxy.port}`)]
    const stream = newStream()
    let at = await appendAt(ours, stream, none, texts(1))
    const follower = recordFollower(theirs, stream, at)
    at = await appendAt(ours, stream, at, texts(1))
    await follower.reached(2)
    proxy.cutAfter('PING')
    await theirs.ping()
    for (let i = 0; i < 20; i++) at = await appendAt(ours, stream, at, texts(1))
    await follower.reached(22)
    expect(seqs(follower.told)).toEqual(range(2, 22))
  })
})

describe('a Redis that ends', () => {
  test('nothing is lost, doubled or out of order when Redis is killed and started again in mid-stream', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const [log, other] = [openLog(server.url), openLog(server.url)]
    const stream = newStream()
    const followers = [log, other].map((each) => recordFollower(each, stream, none))
    let at = await appendAt(log, stream, none, texts(1))
    let restarts = 0
    const restarting = (async () => {
      while (restarts < 2) {
        await until(() => at.seq >= 100 * (restarts + 1))
        await server.restart()
        restarts++
      }
    })()
    while (at.seq < 400 || restarts < 2) {
      const batch = toBatch(at.epoch, at.seq, texts(1))
      const options = { ticket: createTicket() }
      // As LogWriter does: the same append again, until the log is back.
      for (let answered = false; !answered;) {
        await log.appendBatch(stream, at, batch, options).then(
          (result) => {
            expect(result.ok).toBe(true)
            answered = true
          },
          () => sleep(10),
        )
      }
      at = { epoch: at.epoch, seq: at.seq + 1 }
    }
    await restarting
    for (const follower of followers) {
      await follower.reached(at.seq)
      expect(seqs(follower.told)).toEqual(range(1, at.seq))
      expect(follower.changes.every(({ type }) => type === 'batch')).toBe(true)
    }
  })

  test('followers are reset when Redis comes back empty, and go on from there', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const log = openLog(server.url)
    const stream = newStream()
    const at = await appendAt(log, stream, none, texts(5))
    const follower = recordFollower(log, stream, at)
    await server.restart({ keepData: false })
    await follower.when(() => follower.changes.length > 0)
    expect(follower.changes).toMatchObject([{ type: 'reset', epoch: '', head: 0 }])
    await appendAt(log, stream, none, texts(2))
    await follower.reached(2)
    expect(seqs(follower.told)).toEqual([1, 2])
  })

  test('a loss without a broken connection is found by the sweep', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const log = openLog(server.url)
    const stream = newStream()
    const at = await appendAt(log, stream, none, texts(5))
    const follower = recordFollower(log, stream, at)
    await server.wipe()
    await follower.when(() => follower.changes.length > 0)
    expect(follower.changes).toMatchObject([{ type: 'reset', head: 0 }])
  })

  test('while Redis is away every call ends soon in log_unavailable, and works when it is back', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const log = openLog(server.url)
    const stream = newStream()
    const at = await appendAt(log, stream, none, texts(1))
    await server.kill()
    const calls = [
      log.append(stream, at, texts(1)),
      log.head(stream),
      log.page(stream, 0, 1),
      log.streams('session:', 1),
      log.ping(),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'log_unavailable' } })
    }
    await server.restart()
    await until(() =>
      log.ping().then(
        () => true,
        () => false,
      ),
    )
    await appendAt(log, stream, at, texts(1))
  })

  test('a password is sent, and never stands in an error', async () => {
    const server = await RedisServer.start(['--requirepass', 's3cret'])
    onTestFinished(() => server.stop())
    await openLog(`redis://:s3cret@127.0.0.1:${server.port}`).ping()
    const refused = await openLog(`redis://:hunter2@127.0.0.1:${server.port}`).ping().catch(String)
    expect(refused).toMatch(/The log is not reachable, Redis: WRONGPASS/)
    expect(refused).not.toContain('hunter2')
  })
})

describe('Sentinel and Cluster', () => {
  test('a redis+sentinel:// URL finds the master, also after a failover', async () => {
    const master = await RedisServer.start()
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${master.port}`])
    const sentinel = await RedisServer.startSentinel(master)
    onTestFinished(async () => {
      await Promise.all([master, replica, sentinel].map((each) => each.stop()))
    })
    const log = openLog(`redis+sentinel://127.0.0.1:${sentinel.port}/mymaster`)
    const stream = newStream()
    const at = await appendAt(log, stream, none, texts(3))
    const follower = recordFollower(log, stream, none)
    await follower.reached(3)
    const sees = async (): Promise<boolean> =>
      String(await sentinel.command('SENTINEL', 'MASTER', 'mymaster')).includes('num-slaves,1')
    await until(sees)
    await until(async () => (await replica.command('XLEN', `breakglass:{${stream}}`)) === 1)
    await sentinel.command('SENTINEL', 'FAILOVER', 'mymaster')
    await until(async () => String(await replica.command('ROLE')).startsWith('master'))
    await until(() =>
      appendAt(log, stream, at, texts(1)).then(
        () => true,
        () => false,
      ),
    )
    await follower.reached(4)
    expect(seqs(follower.told)).toEqual([1, 2, 3, 4])
  })

  test('a redis+cluster:// URL spreads streams over the nodes, lists them, and replicas follow', async () => {
    const cluster = await startCluster()
    onTestFinished(() => cluster.stop())
    const [ours, theirs] = [openLog(cluster.url), openLog(cluster.url)]
    const streams = range(1, 12).map(() => newStream())
    const followers = streams.map((stream) => recordFollower(theirs, stream, none))
    for (const [i, stream] of streams.entries()) {
      let at = await appendAt(ours, stream, none, texts(1))
      for (let n = 0; n < 140; n++) at = await appendAt(n % 2 ? ours : theirs, stream, at, texts(1))
      await followers[i]?.reached(141)
      expect(seqs(followers[i]?.told ?? [])).toEqual(range(1, 141))
      expect(seqs(await readAll(ours, stream))).toEqual(range(1, 141))
    }
    expect((await theirs.streams('session:', 50)).map(({ stream }) => stream)).toEqual(streams.toReversed())
    const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')))
    expect(sizes.every((size) => Number(size) > 0)).toBe(true)
  })
})
