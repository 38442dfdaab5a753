import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from '../fakes/redisServer.ts'
import { startWorker, type Worker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { median } from './statistics.ts'

const events = 10_000
const jsonBytes = 200
const runs = 21
const warmUps = 5
const stream = 'session:replay'
const caughtUp = 'event: caught-up'

interface Contender {
  url: string
  end: string
  /** Makes the next replay a cold one. */
  before?: () => Promise<unknown>
}

/** Replay of 10,000 events of 200 bytes to `caught-up`, from a session that is watched and from cold ones. */
export async function benchReplay(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-replay-'))
  const redis = await RedisServer.start(['--appendfsync', 'everysec'])
  const workers: Worker[] = []
  const server = async (): Promise<Worker> => {
    const worker = await startWorker('streamBenchServer.ts', 'server')
    workers.push(worker)
    return worker
  }
  try {
    const client = await startWorker('streamBenchClient.ts', 'client')
    workers.push(client)
    const ours = async (where: object): Promise<{ worker: Worker; url: string }> => {
      const worker = await server()
      const url: string = await worker.call('startOurs', where)
      await worker.call('fill', stream, events, jsonBytes)
      return { worker, url: `${url}/stream/${stream}` }
    }
    const sqlite = await ours({ dataDir: join(folder, 'cold') })
    const inRedis = await ours({ dataDir: folder, redisUrl: redis.url })
    const watched = await ours({ dataDir: join(folder, 'watched') })
    const watcher = await startWorker('streamBenchClient.ts', 'client')
    workers.push(watcher)
    await watcher.call('measure', 1, 1)
    await watcher.call('open', [watched.url])
    const durable: string = await (await server()).call('startDurableStreams', events, jsonBytes)
    const cold = (of: { worker: Worker; url: string }): Contender => ({
      url: of.url,
      end: caughtUp,
      before: () => of.worker.call('untilIdle'),
    })
    const found = await race(client, {
      raw: { url: await (await server()).call('startRaw', events, jsonBytes), end: caughtUp },
      watched: { url: watched.url, end: caughtUp },
      concat: {
        url: await (await server()).call('startGroupConcat', folder, events, jsonBytes),
        end: caughtUp,
      },
      sqlite: cold(sqlite),
      redis: cold(inRedis),
      durableSse: { url: `${durable}?offset=-1&live=sse`, end: '"upToDate":true' },
      durableGet: { url: `${durable}?offset=-1`, end: `"id":${events},` },
    })
    const unit = 'ms'
    const whole = (of: string): number => found[of]?.whole ?? NaN
    const durableBest = Math.min(whole('durableSse'), whole('durableGet'))
    return [
      compare(
        {
          name: 'replay, watched session / one Buffer',
          unit,
          ours: whole('watched'),
          baseline: whole('raw'),
        },
        '≤',
        1.5,
      ),
      compare(
        {
          name: 'replay, cold SQLite / group_concat',
          unit,
          ours: whole('sqlite'),
          baseline: whole('concat'),
        },
        '≤',
        1.3,
      ),
      compare(
        { name: 'replay, cold Redis / durable-streams', unit, ours: whole('redis'), baseline: durableBest },
        '≤',
        1,
      ),
      limit({ name: 'first event, cold Redis', unit, ours: found['redis']?.first ?? NaN }, 2.5),
    ]
  } finally {
    for (const worker of workers) await worker.stop()
    await redis.stop()
    await rm(folder, { recursive: true })
  }
}

/** Medians over interleaved runs, so that noise meets all of them. */
async function race(
  client: Worker,
  contenders: Record<string, Contender>,
): Promise<Record<string, { first: number; whole: number }>> {
  const samples = new Map<string, { first: number; whole: number }[]>()
  for (let run = 0; run < runs + warmUps; run++) {
    for (const [name, { url, end, before }] of Object.entries(contenders)) {
      await before?.()
      const sample = await client.call('replay', url, end)
      if (run >= warmUps) samples.set(name, [...(samples.get(name) ?? []), sample])
    }
  }
  return Object.fromEntries(
    [...samples].map(([name, found]) => [
      name,
      { first: median(found.map(({ first }) => first)), whole: median(found.map(({ whole }) => whole)) },
    ]),
  )
}
