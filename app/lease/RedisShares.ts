import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { openRedis, openSubscriber, type RedisClient } from '#app/eventlog/openRedis.ts'
import { RedisLink } from '#app/eventlog/RedisLink.ts'
import { shardCount, shardOf, type Shares, type SharesListener } from './Shares.ts'

/** What the Lua file beside this one adds to a client. */
interface Scripts {
  claimShards(replicas: string, shards: string, ...args: (string | number)[]): Promise<string[]>
}

export interface RedisSharesTimes {
  /** How often a replica tells that it lives. */
  beatMs: number
  /** How long it counts as living after that. */
  lifeMs: number
}

const keyOf = (what: string, name: string): string => `breakglass:{shares:${what}}:${name}`
const askSchema = z.object({ what: z.string(), names: z.array(z.string()) })

/**
 * Shares by leases in Redis. While Redis is away each replica keeps what it had; one that began without Redis takes all
 * after one life. When it is back, what nobody claims may still be somebody's who has not been heard yet: it is free for
 * others only after one life.
 */
export class RedisShares implements Shares {
  readonly shared = true
  readonly #client: RedisClient & Scripts
  readonly #subscriber: RedisClient
  readonly #link: RedisLink
  readonly #what: string
  readonly #replica: string
  readonly #times: RedisSharesTimes
  #listener: SharesListener | undefined
  #mine = new Set<number>()
  #timer: NodeJS.Timeout | undefined
  #claiming: Promise<void> | undefined
  /** When Redis last confirmed what is ours; while it is away that holds on. */
  #confirmedAt = -Infinity
  #away = false
  /** Redis was never reached: better that two watch the same than that nobody does. */
  #alone = false
  #startedAt = Infinity
  /** Until then nothing is taken that was not ours. */
  #patientUntil = -Infinity

  /** `what` is shared; `url` as `openRedis` takes it. */
  constructor(
    url: string,
    { what, replica, times }: { what: string; replica: string; times?: RedisSharesTimes },
  ) {
    const client = openRedis(url)
    const lua = readFileSync(new URL('claimShards-2.lua', import.meta.url), 'utf8')
    client.defineCommand('claimShards', { numberOfKeys: 2, lua })
    // `defineCommand` has added it.
    this.#client = client as RedisClient & Scripts
    this.#subscriber = openSubscriber(client)
    this.#link = new RedisLink(client)
    this.#what = what
    this.#replica = replica
    this.#times = times ?? { beatMs: 5000, lifeMs: 20_000 }
    this.#client.on('ready', () => void this.#claim())
    this.#subscriber.on('ready', () => void this.#subscribe())
    this.#subscriber.on('message', (channel: string, message: string) => this.#hear(channel, message))
  }

  start(listener: SharesListener): void {
    this.#listener = listener
    this.#startedAt = performance.now()
    this.#timer = setInterval(() => void this.#claim(), this.#times.beatMs).unref()
    void this.#subscribe()
    void this.#claim()
  }

  owns(name: string): boolean {
    if (this.#alone) return true
    if (!this.#mine.has(shardOf(name))) return false
    if (this.#away || performance.now() < this.#confirmedAt + this.#times.lifeMs) return true
    // This process stood still for longer than its life: others may have taken over.
    void this.#claim()
    return false
  }

  confirms(name: string): boolean {
    const confirmed = !this.#alone && performance.now() < this.#confirmedAt + this.#times.lifeMs
    return confirmed && this.#mine.has(shardOf(name))
  }

  ask(what: string, names: string[]): void {
    const channel = keyOf(this.#what, 'asked')
    this.#link
      .run(() => this.#client.publish(channel, JSON.stringify({ what, names })))
      .catch(() => undefined)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#listener = undefined
    await this.#claiming
    this.#alone = false
    this.#mine.clear()
    // If Redis is away they are free after one life.
    await this.#link.run(() => this.#run(0)).catch(() => undefined)
    this.#subscriber.disconnect()
    this.#client.disconnect()
  }

  async #claim(): Promise<void> {
    if (!this.#listener) return
    this.#claiming ??= this.#claimOnce().finally(() => (this.#claiming = undefined))
    return this.#claiming
  }

  async #claimOnce(): Promise<void> {
    const askedAt = performance.now()
    const { lifeMs } = this.#times
    let mine: number[]
    try {
      mine = (await this.#link.run(() => this.#run(lifeMs))).map(Number)
    } catch {
      if (this.#confirmedAt > -Infinity) this.#away = true
      else if (!this.#alone && performance.now() > this.#startedAt + lifeMs) this.#beAlone()
      return
    }
    if (this.#away) this.#patientUntil = performance.now() + lifeMs
    this.#away = false
    this.#confirmedAt = askedAt
    const before = this.#mine
    this.#mine = new Set(mine)
    const changed = this.#alone || before.size !== mine.length || mine.some((shard) => !before.has(shard))
    this.#alone = false
    if (changed) this.#listener?.onChange()
  }

  #beAlone(): void {
    this.#alone = true
    this.#listener?.onChange()
  }

  #run(lifeMs: number): Promise<string[]> {
    const mayTake = !this.#away && performance.now() >= this.#patientUntil
    return this.#client.claimShards(
      ...([keyOf(this.#what, 'replicas'), keyOf(this.#what, 'shards')] as const),
      ...[this.#replica, lifeMs, shardCount, mayTake ? '1' : '0', ...this.#mine],
    )
  }

  async #subscribe(): Promise<void> {
    if (!this.#listener) return
    try {
      await this.#subscriber.subscribe(keyOf(this.#what, 'asked'))
    } catch {
      // It becomes ready again, or the next one does.
    }
  }

  #hear(channel: string, message: string): void {
    if (channel !== keyOf(this.#what, 'asked')) return
    const asked = askSchema.safeParse(parseJson(message))
    if (asked.success) this.#listener?.onAsk(asked.data.what, asked.data.names)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
