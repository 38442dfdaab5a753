import { openRedis, type RedisClient } from '#app/eventlog/openRedis.ts'
import { RedisLink } from '#app/eventlog/RedisLink.ts'
import type { Heartbeat } from './Heartbeat.ts'

export interface RedisHeartbeatTimes {
  beatMs: number
  /** How long a replica counts as living after its last beat. */
  lifeMs: number
}

const keyOf = (replica: string): string => `breakglass:replica:${replica}`

/**
 * One expiring key per replica. When Redis was away, all hearts have stopped for its view: for one life after it is
 * back everybody counts as living, so that owners flush what they hold before anyone takes over.
 */
export class RedisHeartbeat implements Heartbeat {
  readonly #client: RedisClient
  readonly #link: RedisLink
  readonly #replica: string
  readonly #times: RedisHeartbeatTimes
  #connectedAt = Infinity
  #timer: NodeJS.Timeout | undefined

  constructor(url: string, replica: string, times: RedisHeartbeatTimes = { beatMs: 5000, lifeMs: 15_000 }) {
    this.#client = openRedis(url)
    this.#link = new RedisLink(this.#client)
    this.#replica = replica
    this.#times = times
    this.#client.on('ready', () => {
      this.#connectedAt = performance.now()
      if (this.#timer !== undefined) void this.#beat()
    })
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#beat(), this.#times.beatMs).unref()
    void this.#beat()
  }

  async alive(replica: string): Promise<boolean> {
    if (replica === this.#replica) return true
    const found = await this.#link.run(() => this.#client.exists(keyOf(replica)))
    return found === 1 || performance.now() < this.#connectedAt + this.#times.lifeMs
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    // If Redis is away the key expires by itself.
    await this.#link.run(() => this.#client.del(keyOf(this.#replica))).catch(() => 0)
    this.#client.disconnect()
  }

  async #beat(): Promise<void> {
    // A beat that is missed while Redis is away is made up for when it is back.
    const { lifeMs } = this.#times
    await this.#link.run(() => this.#client.set(keyOf(this.#replica), '1', 'PX', lifeMs)).catch(() => null)
  }
}
