import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { EventLog, NewEvent, Position } from '#app/eventlog/EventLog.ts'
import { parseFrames } from '#app/eventlog/frame.ts'
import { readSince } from '#app/eventlog/readSince.ts'
import type { Usage } from './runStep.ts'

export interface Spend {
  tokens: number
  /** What has no price is not in it. */
  cost: number
}

const maxPending = 1000
const maxAttempts = 20
const start: Position = { epoch: '', seq: 0 }

const entrySchema = z.object({
  entry: z.string(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  cached_tokens: z.number(),
  cost: z.number().optional(),
})

/** Input and output together, what was read from a cache too; providers count the three apart. */
export const tokensOf = (usage: Pick<Usage, 'input_tokens' | 'output_tokens' | 'cached_tokens'>): number =>
  usage.input_tokens + usage.output_tokens + usage.cached_tokens

/**
 * What models have used on one day of UTC, all replicas together: the fold of the stream `spend:<day>`. What was not
 * stored yet counts here from the beginning, and is stored once, however often that is tried.
 */
export class DaySpend {
  readonly #log: EventLog
  readonly #stream: string
  #position = start
  #stored: Spend = { tokens: 0, cost: 0 }
  readonly #pending = new Map<string, NewEvent & Usage>()
  /** What more came while the log was away than is kept for it: it counts in this process alone. */
  readonly #unkept: Spend = { tokens: 0, cost: 0 }

  constructor(log: EventLog, day: string) {
    this.#log = log
    this.#stream = `spend:${day}`
  }

  get isStored(): boolean {
    return this.#pending.size === 0
  }

  total(): Spend {
    const total = { tokens: this.#stored.tokens, cost: this.#stored.cost }
    for (const usage of this.#pending.values()) count(total, usage)
    return { tokens: total.tokens + this.#unkept.tokens, cost: total.cost + this.#unkept.cost }
  }

  add(usage: Usage): void {
    const entry = randomUUID()
    if (this.#pending.size < maxPending) this.#pending.set(entry, { kind: 'spend', entry, ...usage })
    else count(this.#unkept, usage)
  }

  /** Reads what others have added and stores what is pending. Throws `log_unavailable`; not to be called twice at a time. */
  async sync(): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      await this.#read()
      const pending = [...this.#pending.values()]
      if (pending.length === 0) return
      const result = await this.#log.append(this.#stream, this.#position, pending, { relaxed: true })
      if (result.ok) this.#fold(parseFrames(result.batch.frames), result.batch)
    }
  }

  async #read(): Promise<void> {
    const since = await readSince(this.#log, this.#stream, this.#position)
    if (since !== null) {
      this.#fold(since.items.map(({ event }) => event))
      this.#position = since.position
      return
    }
    // The log lost what stood there; what is left of it is read from its beginning.
    this.#position = start
    this.#stored = { tokens: 0, cost: 0 }
    await this.#read()
  }

  #fold(events: unknown[], batch?: { epoch: string; last: number }): void {
    for (const event of events) {
      const { data } = entrySchema.safeParse(event)
      if (data === undefined) continue
      count(this.#stored, data)
      // Ours, perhaps of an attempt whose answer was lost.
      this.#pending.delete(data.entry)
    }
    if (batch) this.#position = { epoch: batch.epoch, seq: batch.last }
  }
}

function count(spend: Spend, usage: z.infer<typeof entrySchema> | Usage): void {
  spend.tokens += tokensOf(usage)
  spend.cost += usage.cost ?? 0
}
