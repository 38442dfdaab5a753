import { MemoryTickets } from './MemoryTickets.ts'
import type { Tickets } from './Tickets.ts'

export interface OpenTicketsOptions {
  /** As `openRedis` takes it; without it tickets are good in this process alone. */
  redisUrl?: string | undefined
}

/** Tickets that fit the log: in Redis, or in memory. */
export async function openTickets({
  redisUrl,
}: OpenTicketsOptions): Promise<Tickets & { close(): Promise<void> }> {
  if (redisUrl !== undefined) {
    const { RedisTickets } = await import('./RedisTickets.ts')
    return new RedisTickets(redisUrl)
  }
  const tickets = new MemoryTickets()
  return {
    issue: (value, lifeMs) => tickets.issue(value, lifeMs),
    take: (ticket) => tickets.take(ticket),
    close: async () => undefined,
  }
}
