import { RedisServer } from '../fakes/redisServer.ts'
import { startWorker, type Worker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { median } from './statistics.ts'

const appends = 600
const gapMs = 3
const sessions = 1000
const runs = 3

/** From the call of `append` to the client's socket, with the log in Redis. */
export async function benchAppendToClient(): Promise<Row[]> {
  const redis = await RedisServer.start(['--appendfsync', 'everysec'])
  try {
    const found: Record<'one' | 'many' | 'across' | 'published', number[]> = {
      one: [],
      many: [],
      across: [],
      published: [],
    }
    for (let run = 0; run < runs; run++) {
      found.one.push(await inOneProcess(redis, names(`one${run}`, 1)))
      found.many.push(await inOneProcess(redis, names(`many${run}`, sessions)))
      found.across.push(await across(redis, `session:across${run}`))
      found.published.push(await published(redis))
    }
    const unit = 'ms'
    const [one, many] = [median(found.one), median(found.many)]
    return [
      limit({ name: 'append to client, one process, p50', unit, ours: one }, 0.2),
      compare(
        {
          name: 'append to client, across replicas / PUBLISH → SSE, p50',
          unit,
          ours: median(found.across),
          baseline: median(found.published),
        },
        '≤',
        1.3,
      ),
      compare(
        { name: `append to client, ${sessions} live sessions / one, p50`, unit, ours: many, baseline: one },
        '≤',
        1.3,
      ),
    ]
  } finally {
    await redis.stop()
  }
}

const names = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `session:${word}-${i}`)

/** Runs `work` with a server and a client of its own. */
async function withWorkers<T>(work: (server: Worker, client: Worker) => Promise<T>): Promise<T> {
  const server = await startWorker('streamBenchServer.ts', 'server')
  const client = await startWorker('streamBenchClient.ts', 'client')
  try {
    return await work(server, client)
  } finally {
    await client.stop()
    await server.stop()
  }
}

function inOneProcess(redis: RedisServer, streams: string[]): Promise<number> {
  return withWorkers(async (server, client) => {
    const url: string = await server.call('startOurs', { redisUrl: redis.url, dataDir: '' })
    for (const stream of streams) await server.call('fill', stream, 1, 100)
    await client.call(
      'open',
      streams.map((stream) => `${url}/stream/${stream}`),
    )
    const collected = client.call('collect', appends)
    await server.call('appendStamped', streams, appends, gapMs)
    return median(await collected)
  })
}

function across(redis: RedisServer, stream: string): Promise<number> {
  return withWorkers(async (server, client) => {
    const url: string = await server.call('startOurs', { redisUrl: redis.url, dataDir: '' })
    await server.call('fill', stream, 1, 100)
    await client.call('open', [`${url}/stream/${stream}`])
    const collected = client.call('collect', appends)
    await client.call('appendFromHere', redis.url, stream, appends, gapMs)
    return median(await collected)
  })
}

function published(redis: RedisServer): Promise<number> {
  return withWorkers(async (server, client) => {
    const channel = 'bench'
    await client.call('open', [await server.call('startPublished', redis.url, channel)])
    const collected = client.call('collect', appends)
    await client.call('publishFromHere', redis.url, channel, appends, gapMs)
    return median(await collected)
  })
}
