import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '#app/history/openStore.ts'
import { alertReplica } from '../fakes/alertReplica.ts'
import { RedisServer } from '../fakes/redisServer.ts'

const logger = { info: () => undefined, warn: () => undefined }
let redis: RedisServer
let folder: string
beforeAll(async () => {
  redis = await RedisServer.start()
  folder = await mkdtemp(join(tmpdir(), 'breakglass-alerts-'))
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 200 })
})

describe.each([
  ['the embedded store', false],
  ['Redis', true],
])('in %s', (_what, shared) => {
  const clock = { now: Date.now() }
  const open = async () =>
    openStore({ dataDir: folder, logger, redisUrl: shared ? redis.url : undefined, everyMs: 5 })
  const replica = (store: Store) => alertReplica({ documents: store.documents, clock, shared })

  test('an alert, its counters and who took note of it outlive the process', async () => {
    const first = await open()
    await replica(first).polls(95, 95)
    await first.close()
    const second = await open()
    const two = replica(second)
    expect(await two.polls(95)).toEqual(['alert_new'])
    const [alert] = await two.book.list()
    await two.book.ack(alert?.id ?? '', 'ana')
    await two.polls(70, 70)
    await second.close()
    const third = await open()
    const three = replica(third)
    expect(await three.book.list()).toMatchObject([{ id: alert?.id, acknowledged: true, by: 'ana' }])
    expect(await three.polls(70)).toEqual(['alert_cleared'])
    await third.close()
    const last = await open()
    expect(await replica(last).book.list()).toEqual([])
    await last.close()
  })
})

test('two replicas on one Redis hand a host over without a flap', async () => {
  const clock = { now: Date.now() }
  const stores = await Promise.all(
    [1, 2].map(() => openStore({ dataDir: folder, logger, redisUrl: redis.url, everyMs: 5 })),
  )
  const [a, b] = stores.map(({ documents }) =>
    alertReplica({ documents, clock, shared: true, hosts: ['gpu7'] }),
  )
  if (a === undefined || b === undefined) throw new Error('there are two')
  const written = async () => {
    // What a replica that is gone has left: all that it wrote.
    await expect
      .poll(async () => (await b.book.list()).map(({ count }) => count))
      .toEqual((await a.book.list()).map(({ count }) => count))
  }
  const poll = async (one: typeof a, value: number) =>
    (await one.poll([{ ...heat, value }], { host: 'gpu7' })).map(({ kind }) => kind)
  for (const value of [95, 95, 95]) await poll(a, value)
  await written()
  for (const value of [95, 70, 70]) expect(await poll(b, value)).toEqual([])
  expect([...a.announced, ...b.announced]).toEqual(['new gpu_temp_warning GPU 0'])
  for (const store of stores) await store.close()
})

const heat = {
  ...{ rule: 'gpu_temp_warning', severity: 'warning' as const, key: 'GPU-1', subject: 'GPU 0', host: 'gpu7' },
  ...{ raise: 80, clear: 75, forReadings: 3, message: 'GPU 0 is hot.' },
}
