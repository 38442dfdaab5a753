import type { Batch, Position } from './EventLog.ts'
import { readFrameId } from './frame.ts'
import { openSubscriber, type RedisClient } from './openRedis.ts'

export interface DoorbellOptions {
  /** An append by any replica; null when a stream was changed in another way. */
  onRing: (stream: string, ring: Batch | Position | null) => void
  /** Rings may have been missed until now. */
  onReady: () => void
}

const prefix = 'breakglass:'
export const channelOf = (stream: string): string => prefix + stream

/**
 * Hears of appends by other replicas: one connection, subscribed to the followed streams only, however many there
 * are. It connects again for ever and then says that rings may have been missed.
 */
export class Doorbell {
  readonly #subscriber: RedisClient
  readonly #onReady: () => void
  readonly #streams = new Set<string>()
  #subscribed = false

  constructor(client: RedisClient, { onRing, onReady }: DoorbellOptions) {
    this.#subscriber = openSubscriber(client)
    this.#onReady = onReady
    this.#subscriber.on('ready', () => void this.#subscribeAll())
    this.#subscriber.on('close', () => (this.#subscribed = false))
    this.#subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      onRing(channel.toString().slice(prefix.length), parseRing(message)),
    )
  }

  /** Resolves when rings are heard; while the connection is away at once, for `onReady` will follow. */
  async listen(stream: string): Promise<void> {
    this.#streams.add(stream)
    await this.#try(() => this.#subscriber.subscribe(channelOf(stream)))
  }

  ignore(stream: string): void {
    this.#streams.delete(stream)
    void this.#try(() => this.#subscriber.unsubscribe(channelOf(stream)))
  }

  /** Finds out whether the connection still lives, and mends what a failed subscription left. */
  async probe(): Promise<void> {
    if (this.#subscriber.status !== 'ready') return
    if (!this.#subscribed) await this.#subscribeAll()
    await this.#try(() => this.#subscriber.ping())
  }

  close(): void {
    this.#subscriber.disconnect()
  }

  async #subscribeAll(): Promise<void> {
    this.#subscribed = true
    if (this.#streams.size > 0)
      await this.#try(() => this.#subscriber.subscribe(...[...this.#streams].map(channelOf)))
    this.#onReady()
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch {
      this.#subscribed = false
    }
  }
}

/** `<epoch> <last>\n<frames>`, as append-1.lua sends it; without frames when they are too large. */
function parseRing(message: Buffer): Batch | Position | null {
  const end = message.indexOf(10)
  if (end < 0) return null
  const [epoch = '', seq] = message.toString('latin1', 0, end).split(' ')
  const [last, frames] = [Number(seq), message.subarray(end + 1)]
  return frames.length === 0 ? { epoch, seq: last } : { epoch, first: readFrameId(frames).seq, last, frames }
}
