import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { AppError } from '#app/errors.ts'

export type RedisClient = Redis | Cluster

const commandTimeoutMs = 2000

const options = {
  connectTimeout: 2000,
  commandTimeout: commandTimeoutMs,
  // A far side that went silent is found by the first command that gets no byte back.
  socketTimeout: commandTimeoutMs + 500,
  // A command fails at once when its connection breaks; `RedisEventLog` knows what may be tried again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // After a failover the old master only reads.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions

const backOff = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 5), 1000)

/**
 * A client for `redis://`, `rediss://`, `redis+sentinel://[user:pass@]h1:p,h2:p/<master>[/db]` or
 * `redis+cluster://[user:pass@]h1:p,h2:p`. It connects by itself and again for ever; while it is not connected
 * commands fail at once rather than queue. Throws a sentence without the URL, which may hold a password.
 * The credentials serve the Sentinels as well as Redis.
 */
export function openRedis(url: string): RedisClient {
  const client = createClient(url)
  // What went wrong is told by the command that fails; without a listener ioredis prints it.
  client.on('error', () => undefined)
  return client
}

/** A second connection to the same place, for subscriptions; a Cluster client keeps one of its own. */
export function openSubscriber(client: RedisClient): RedisClient {
  if (client instanceof Cluster) return client
  const subscriber = client.duplicate({ autoResubscribe: false })
  subscriber.on('error', () => undefined)
  return subscriber
}

function createClient(url: string): RedisClient {
  const single = { ...options, retryStrategy: backOff, enableOfflineQueue: false }
  if (/^rediss?:\/\//.test(url)) {
    if (!URL.canParse(url)) throw invalid('is not a URL')
    return new Redis(url, single)
  }
  const { kind, hosts, path, ...credentials } = parseHosts(url)
  if (kind === 'cluster') {
    return new Cluster(hosts, {
      redisOptions: { ...options, ...credentials },
      enableOfflineQueue: false,
      clusterRetryStrategy: backOff,
      clusterNodeRetryStrategy: backOff,
      maxRedirections: 4,
      slotsRefreshTimeout: commandTimeoutMs,
    })
  }
  const [name, db = '0'] = path.split('/')
  if (name === undefined || name === '')
    throw invalid('names no master: redis+sentinel://host:26379/mymaster')
  if (!/^\d+$/.test(db)) throw invalid('has a database that is no number')
  const sentinelPassword =
    credentials.password === undefined ? {} : { sentinelPassword: credentials.password }
  return new Redis({
    ...single,
    ...credentials,
    ...sentinelPassword,
    sentinels: hosts,
    name,
    db: Number(db),
    sentinelRetryStrategy: backOff,
  })
}

interface Hosts {
  kind: 'sentinel' | 'cluster'
  hosts: { host: string; port: number }[]
  path: string
  username?: string
  password?: string
}

function parseHosts(url: string): Hosts {
  const match = /^redis\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(.*))?$/.exec(url)
  if (match === null) {
    throw invalid(
      'must begin with redis://, rediss://, redis+sentinel:// or redis+cluster:// and name a host',
    )
  }
  const [, kind, login = '', list = '', path = ''] = match
  const colon = login.indexOf(':')
  const username = decode(colon < 0 ? login : login.slice(0, colon))
  const password = colon < 0 ? '' : decode(login.slice(colon + 1))
  return {
    kind: kind === 'cluster' ? 'cluster' : 'sentinel',
    hosts: list.split(',').map((part) => parseHost(part, kind === 'cluster' ? 6379 : 26379)),
    path,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined)
    throw invalid('has a host that cannot be read; write host:port, separated by commas')
  return { host, port: Number(match?.[3] ?? defaultPort) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a "%" in its credentials that is not followed by two hex digits')
  }
}

const invalid = (why: string): AppError => new AppError('log_unavailable', `REDIS_URL ${why}.`)
