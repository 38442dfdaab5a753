import type { Batch, Change, Page, Position } from './EventLog.ts'
import { Followers } from './Followers.ts'
import { Tails } from './Tails.ts'

export interface LocalViewOptions {
  /** Reads the storage. */
  head: (stream: string) => Promise<Position>
  page: (stream: string, after: number, limit: number) => Promise<Page>
  /** A stream gets its first follower; resolves when changes from elsewhere will be heard. Never rejects. */
  onFirst?: (stream: string) => Promise<void>
  /** A stream has lost its last follower. */
  onLast?: (stream: string) => void
}

/** What this process sees of the log: the storage, what its writers hold beyond it, and who follows. */
export class LocalView {
  readonly #options: LocalViewOptions
  readonly #tails = new Tails()
  readonly #followers: Followers

  constructor(options: LocalViewOptions) {
    this.#options = options
    this.#followers = new Followers({ ...options, page: (...args) => this.page(...args) })
  }

  get followedStreams(): string[] {
    return this.#followers.streams
  }

  head(stream: string): Promise<Position> {
    return this.#tails.head(stream, () => this.#options.head(stream))
  }

  page(stream: string, after: number, limit: number): Promise<Page> {
    return this.#tails.page(stream, after, limit, () => this.#options.page(stream, after, limit))
  }

  follow(stream: string, from: Position, listener: (change: Change) => void): () => void {
    return this.#followers.follow(stream, from, listener)
  }

  /** A batch stands in the storage. */
  stored(stream: string, batch: Batch): void {
    this.#tails.settle(stream, batch)
    this.#followers.deliver(stream, batch)
  }

  /** A batch was appended elsewhere. */
  heard(stream: string, batch: Batch): void {
    this.#followers.deliver(stream, batch)
  }

  announce(stream: string, batch: Batch): void {
    this.#tails.add(stream, batch)
    this.#followers.deliver(stream, batch)
  }

  withdraw(stream: string): void {
    const first = this.#tails.drop(stream)
    if (first !== null) this.#followers.withdraw(stream, first)
  }

  /** Whether any follower stands elsewhere than the storage does. */
  differ(stream: string, position: Position): boolean {
    return this.#followers.differ(stream, this.#tails.position(stream, position))
  }

  /** The storage stands at `position`: followers that do not look for themselves. */
  check(stream: string, position: Position): void {
    this.#followers.check(stream, this.#tails.position(stream, position))
  }

  close(): void {
    this.#followers.close()
  }
}
