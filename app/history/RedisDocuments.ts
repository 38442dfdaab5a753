import type { RedisClient } from '#app/eventlog/openRedis.ts'
import type { RedisLink } from '#app/eventlog/RedisLink.ts'
import type { Change, DocumentStore } from './GatheredDocuments.ts'

const keyOf = (kind: string): string => `breakglass:documents:${kind}`
const namesAtOnce = 200

/** Documents in Redis: one hash for each kind, so that all of a kind are one command. */
export class RedisDocuments implements DocumentStore {
  readonly #client: RedisClient
  readonly #link: RedisLink

  constructor(client: RedisClient, link: RedisLink) {
    this.#client = client
    this.#link = link
  }

  async write(changes: Change[]): Promise<void> {
    await Promise.all(
      [...Map.groupBy(changes, ({ kind }) => kind)].map(([kind, of]) => this.#writeKind(kind, of)),
    )
  }

  async read(kind: string, names?: string[]): Promise<Map<string, string>> {
    if (!names) return new Map(Object.entries(await this.#link.run(() => this.#client.hgetall(keyOf(kind)))))
    const found = new Map<string, string>()
    for (let begin = 0; begin < names.length; begin += namesAtOnce) {
      const some = names.slice(begin, begin + namesAtOnce)
      const texts = await this.#link.run(() => this.#client.hmget(keyOf(kind), ...some))
      texts.forEach((text, index) => {
        const name = some[index]
        if (text !== null && name !== undefined) found.set(name, text)
      })
    }
    return found
  }

  async #writeKind(kind: string, changes: Change[]): Promise<void> {
    const put = changes.flatMap(({ name, text }) => (text === null ? [] : [name, text]))
    const removed = changes.filter(({ text }) => text === null).map(({ name }) => name)
    if (put.length > 0) await this.#link.run(() => this.#client.hset(keyOf(kind), ...put))
    if (removed.length > 0) await this.#link.run(() => this.#client.hdel(keyOf(kind), ...removed))
  }
}
