import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Documents } from './Documents.ts'
import type { History } from './HistoryStore.ts'
import { createLadder, namesPeriodMs, type LadderLengths } from './ladder.ts'
import { PruneClock } from './PruneClock.ts'

export interface Store {
  history: History
  documents: Documents
  /** Writes what waits, if it can, and closes both. */
  close(): Promise<void>
}

export interface OpenStoreOptions {
  /** As `openRedis` takes it; without it the store is embedded. */
  redisUrl?: string | undefined
  /** Folder of the embedded store; made if it is not there. */
  dataDir: string
  /** `fleet.history` of the configuration. */
  lengths?: Partial<LadderLengths>
  logger: Pick<Logger, 'info' | 'warn'>
  /** How long writes are gathered. */
  everyMs?: number
}

/**
 * Opens what the watch path remembers: in Redis (which need not be reachable yet) or embedded. A file that cannot be
 * used is no reason not to watch: all is then kept in memory, and a warning says so. Only what is used is loaded.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  return options.redisUrl === undefined ? openEmbedded(options) : openShared(options, options.redisUrl)
}

const sweepMs = 3_600_000

async function openEmbedded({ dataDir, lengths, logger, everyMs }: OpenStoreOptions): Promise<Store> {
  const { openWatchDatabase } = await import('./watchDatabase.ts')
  const path = join(dataDir, 'watch.db')
  let database
  try {
    database = openWatchDatabase(path)
  } catch (error) {
    logger.warn({ err: error, path }, 'the fleet is kept in memory alone: its file cannot be used')
    database = openWatchDatabase(':memory:')
  }
  const [{ SqliteRows }, { SqliteDocuments }, { LadderHistory }, { GatheredDocuments }] = await Promise.all([
    import('./SqliteRows.ts'),
    import('./SqliteDocuments.ts'),
    import('./LadderHistory.ts'),
    import('./GatheredDocuments.ts'),
  ])
  const ladder = createLadder(lengths)
  const rows = new SqliteRows(database)
  const history = new LadderHistory({ rows, ladder, logger, ...(everyMs !== undefined && { everyMs }) })
  const documents = new GatheredDocuments(new SqliteDocuments(database), logger, everyMs)
  const keepMs = ladder.map((tier) => tier.keepMs)
  const keepAll = [...keepMs, (keepMs.at(-1) ?? 0) + namesPeriodMs]
  const pruneClock = new PruneClock()
  pruneClock.read(Date.now())
  const sweep = setInterval(() => {
    const now = pruneClock.read(Date.now())
    if (now === null) return
    rows.sweep(keepAll, now).catch((error: unknown) => {
      logger.warn({ err: error }, 'old figures were not removed')
    })
  }, sweepMs).unref()
  return {
    history,
    documents,
    async close() {
      clearInterval(sweep)
      await history.close()
      await documents.close()
      database.close()
    },
  }
}

async function openShared({ lengths, logger, everyMs }: OpenStoreOptions, url: string): Promise<Store> {
  const [{ openRedis }, { RedisLink }, { RedisRows }, { RedisDocuments }] = await Promise.all([
    import('#app/eventlog/openRedis.ts'),
    import('#app/eventlog/RedisLink.ts'),
    import('./RedisRows.ts'),
    import('./RedisDocuments.ts'),
  ])
  const [{ LadderHistory }, { GatheredDocuments }] = await Promise.all([
    import('./LadderHistory.ts'),
    import('./GatheredDocuments.ts'),
  ])
  const client = openRedis(url)
  const link = new RedisLink(client)
  const ladder = createLadder(lengths)
  const rows = new RedisRows(client, link, ladder)
  const history = new LadderHistory({ rows, ladder, logger, ...(everyMs !== undefined && { everyMs }) })
  const documents = new GatheredDocuments(new RedisDocuments(client, link), logger, everyMs)
  return {
    history,
    documents,
    async close() {
      await history.close()
      await documents.close()
      client.disconnect()
    },
  }
}
