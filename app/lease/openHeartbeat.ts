import type { Heartbeat } from './Heartbeat.ts'
import { SoloHeartbeat } from './SoloHeartbeat.ts'

export interface OpenHeartbeatOptions {
  /** As `openRedis` takes it; without it this process is the only one. */
  redisUrl?: string | undefined
  replica: string
}

/** The heartbeat that fits the log: in Redis, or alone. */
export async function openHeartbeat({ redisUrl, replica }: OpenHeartbeatOptions): Promise<Heartbeat> {
  if (redisUrl === undefined) return new SoloHeartbeat(replica)
  const { RedisHeartbeat } = await import('./RedisHeartbeat.ts')
  return new RedisHeartbeat(redisUrl, replica)
}
