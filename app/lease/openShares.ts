import type { Shares } from './Shares.ts'
import { SoloShares } from './SoloShares.ts'

export interface OpenSharesOptions {
  /** As `openRedis` takes it; without it this process is the only one. */
  redisUrl?: string | undefined
  replica: string
  /** What is shared: `fleet`. */
  what: string
}

/** Shares among the replicas, in Redis, or all for the only one. */
export async function openShares({ redisUrl, replica, what }: OpenSharesOptions): Promise<Shares> {
  if (redisUrl === undefined) return new SoloShares()
  const { RedisShares } = await import('./RedisShares.ts')
  return new RedisShares(redisUrl, { what, replica })
}
