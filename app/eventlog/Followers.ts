import type { Batch, Change, Page, Position } from './EventLog.ts'
import { cutBatch } from './frame.ts'

interface Follower {
  stream: string
  /** What was told so far. */
  position: Position
  listener: (change: Change) => void
  ended: boolean
  paging: boolean
  /** Something came while paging that could not be told: page once more. */
  again: boolean
  /** What was told was taken back: the next page answers with `reset`. */
  withdrawn: boolean
}

export interface FollowersOptions {
  page: (stream: string, after: number, limit: number) => Promise<Page>
  /** A stream gets its first follower; resolves when changes from elsewhere will be heard. Never rejects. */
  onFirst?: (stream: string) => Promise<void>
  /** A stream has lost its last follower. */
  onLast?: (stream: string) => void
}

const pageSize = 1000
const retryMs = 500

/**
 * The followers of this process. What is delivered goes straight to those it is contiguous with; all others page
 * the log from where they stand, so that nothing is told twice and no hole is told.
 */
export class Followers {
  readonly #options: FollowersOptions
  readonly #streams = new Map<string, { followers: Set<Follower>; heard: Promise<void> }>()
  readonly #failed = new Set<Follower>()
  #retry: NodeJS.Timeout | undefined

  constructor(options: FollowersOptions) {
    this.#options = options
  }

  /** Followed streams. */
  get streams(): string[] {
    return [...this.#streams.keys()]
  }

  follow(stream: string, from: Position, listener: (change: Change) => void): () => void {
    const flags = { ended: false, paging: false, again: false, withdrawn: false }
    const follower: Follower = { stream, position: from, listener, ...flags }
    let followed = this.#streams.get(stream)
    if (followed === undefined) {
      followed = { followers: new Set(), heard: this.#options.onFirst?.(stream) ?? Promise.resolve() }
      this.#streams.set(stream, followed)
    }
    followed.followers.add(follower)
    // Paging before changes are heard could leave a hole between the two.
    void followed.heard.then(() => this.#catchUp(follower))
    return () => this.#end(follower)
  }

  /** Tells those who stand right before or within `batch`; those who stand further back page. */
  deliver(stream: string, batch: Batch): void {
    for (const follower of this.#of(stream)) {
      if (!this.#tell(follower, batch)) void this.#catchUp(follower)
    }
  }

  /** Whether any follower stands elsewhere than `position`. */
  differ(stream: string, position: Position): boolean {
    return this.#of(stream).some((follower) => differs(follower.position, position))
  }

  /** Followers that stand elsewhere than `position` look for themselves. */
  check(stream: string, position: Position): void {
    for (const follower of this.#of(stream)) {
      if (differs(follower.position, position)) void this.#catchUp(follower)
    }
  }

  /** What was told from seq `first` on does not hold any more. */
  withdraw(stream: string, first: number): void {
    for (const follower of this.#of(stream)) {
      if (follower.position.seq < first) continue
      follower.withdrawn = true
      void this.#catchUp(follower)
    }
  }

  close(): void {
    for (const stream of this.streams) for (const follower of this.#of(stream)) this.#end(follower)
    clearTimeout(this.#retry)
  }

  /** A copy: a listener may follow or unfollow while it is told. */
  #of(stream: string): Follower[] {
    return [...(this.#streams.get(stream)?.followers ?? [])]
  }

  #tell(follower: Follower, batch: Batch): boolean {
    const { position } = follower
    if (follower.withdrawn || batch.first > position.seq + 1) return false
    if (position.seq > 0 && position.epoch !== '' && position.epoch !== batch.epoch) return false
    const rest = cutBatch(batch, position.seq)
    if (rest === null) {
      follower.again = follower.paging
      return true
    }
    follower.position = { epoch: batch.epoch, seq: batch.last }
    follower.listener({ type: 'batch', batch: rest })
    return true
  }

  async #catchUp(follower: Follower): Promise<void> {
    follower.again = true
    if (follower.paging || follower.ended) return
    follower.paging = true
    try {
      while (follower.again && !follower.ended) {
        follower.again = false
        const { position, withdrawn } = follower
        const page = await this.#options.page(follower.stream, position.seq, pageSize)
        // A page that was read before a withdrawal says nothing about it; another one follows.
        if (follower.ended || follower.withdrawn !== withdrawn) continue
        this.#takePage(follower, position, page)
      }
    } catch {
      this.#later(follower)
    }
    follower.paging = false
  }

  #takePage(follower: Follower, asked: Position, page: Page): void {
    const reason = lossReason(follower, asked, page)
    if (reason !== null) {
      follower.withdrawn = false
      follower.position = { epoch: page.epoch, seq: page.head }
      follower.again = true
      follower.listener({ type: 'reset', epoch: page.epoch, head: page.head, reason })
      return
    }
    const rest = page.batch === null ? null : cutBatch(page.batch, follower.position.seq)
    if (rest === null) return
    follower.position = { epoch: rest.epoch, seq: rest.last }
    follower.listener({ type: 'batch', batch: rest })
    follower.again ||= rest.last < page.head
  }

  #later(follower: Follower): void {
    this.#failed.add(follower)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      const failed = [...this.#failed]
      this.#failed.clear()
      for (const each of failed) void this.#catchUp(each)
    }, retryMs)
  }

  #end(follower: Follower): void {
    if (follower.ended) return
    follower.ended = true
    this.#failed.delete(follower)
    const followers = this.#streams.get(follower.stream)?.followers
    followers?.delete(follower)
    if (followers?.size !== 0) return
    this.#streams.delete(follower.stream)
    this.#options.onLast?.(follower.stream)
  }
}

const differs = (told: Position, stored: Position): boolean =>
  told.seq !== stored.seq || (told.epoch !== stored.epoch && stored.seq > 0)

/** Why what was told at `asked` no longer stands in the storage, or null while it does. */
function lossReason(follower: Follower, asked: Position, page: Page): string | null {
  if (follower.withdrawn) return 'Events that were shown could not be stored in that order.'
  if (asked.seq === 0) return null
  if (page.head === 0) return 'The stream is gone from the log.'
  if (asked.epoch !== '' && page.epoch !== asked.epoch) return 'The log begins a new numbering.'
  if (page.head < asked.seq) return 'The log lost its newest events.'
  return null
}
