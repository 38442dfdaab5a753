import type { EventLog } from './EventLog.ts'

export interface OpenEventLogOptions {
  /** As `openRedis` takes it; without it the log is embedded. */
  redisUrl?: string | undefined
  /** Folder of the embedded log; made if it is not there. */
  dataDir: string
}

/**
 * Opens the log: in Redis (which need not be reachable yet) or embedded. Only what is used is loaded. Throws
 * `log_unavailable` with a sentence for a wrong URL, or a file that is in use, damaged or cannot be written.
 */
export async function openEventLog({ redisUrl, dataDir }: OpenEventLogOptions): Promise<EventLog> {
  if (redisUrl === undefined) {
    const { SqliteEventLog } = await import('./SqliteEventLog.ts')
    return new SqliteEventLog(dataDir)
  }
  const { RedisEventLog } = await import('./RedisEventLog.ts')
  return new RedisEventLog(redisUrl)
}
