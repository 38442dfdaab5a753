import { createHash } from 'node:crypto'
import { openRedis, type RedisClient } from '#app/eventlog/openRedis.ts'
import { RedisLink } from '#app/eventlog/RedisLink.ts'
import { newTicket } from './MemoryTickets.ts'
import type { Tickets } from './Tickets.ts'

/** Hashed, so that who may only list keys has no ticket, and what is sent as one never makes the key. */
const keyOf = (ticket: string): string =>
  `breakglass:ticket:${createHash('sha256').update(ticket).digest('base64url')}`

/** Tickets that any replica takes. */
export class RedisTickets implements Tickets {
  readonly #client: RedisClient
  readonly #link: RedisLink

  /** `url` as `openRedis` takes it. */
  constructor(url: string) {
    this.#client = openRedis(url)
    this.#link = new RedisLink(this.#client)
  }

  async issue(value: string, lifeMs: number): Promise<string> {
    const ticket = newTicket()
    await this.#link.run(() => this.#client.set(keyOf(ticket), value, 'PX', Math.ceil(lifeMs)))
    return ticket
  }

  async take(ticket: string): Promise<string | null> {
    // An answer that was lost has used it: a second attempt finds nothing, which is the safe way to be wrong.
    return this.#link.run(() => this.#client.getdel(keyOf(ticket)))
  }

  async close(): Promise<void> {
    this.#client.disconnect()
  }
}
