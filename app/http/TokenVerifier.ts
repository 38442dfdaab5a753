import { createHash, timingSafeEqual } from 'node:crypto'
import { tokenId, verifyToken, type TokenEntry } from './tokenHash.ts'

export interface TokenVerifierOptions {
  find: (id: string) => TokenEntry | undefined
  /** How long a verified token is taken again without hashing, in milliseconds. */
  rememberMs?: number
  now?: () => number
  verify?: typeof verifyToken
}

interface Remembered {
  digest: Buffer
  phc: string
  until: number
}

/**
 * Decides whose token this is. Anything but a right token is refused without hashing (its id is unknown, or does
 * not belong to its secret), so that wrong ones cost next to nothing, however many. One hash runs at a time; what
 * waits is bounded by the number of lines in the token file.
 */
export class TokenVerifier {
  readonly #find: (id: string) => TokenEntry | undefined
  readonly #rememberMs: number
  readonly #now: () => number
  readonly #verify: typeof verifyToken
  readonly #remembered = new Map<string, Remembered>()
  readonly #running = new Map<string, Promise<boolean>>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ find, rememberMs = 300_000, now = Date.now, verify = verifyToken }: TokenVerifierOptions) {
    this.#find = find
    this.#rememberMs = rememberMs
    this.#now = now
    this.#verify = verify
  }

  /** The entry that this token belongs to; undefined for every other token. */
  async entryOf(token: string): Promise<TokenEntry | undefined> {
    const id = tokenId(token)
    const entry = id === undefined ? undefined : this.#find(id)
    if (entry === undefined) return undefined
    const digest = createHash('sha256').update(token).digest()
    if (!this.#remembers(entry, digest) && !(await this.#hash(entry, token, digest))) return undefined
    // The file may have changed while the hash ran.
    return this.stillHolds(entry) ? entry : undefined
  }

  /** Whether this entry still counts: its id with the same hash. */
  stillHolds(entry: TokenEntry): boolean {
    return this.#find(entry.id)?.phc === entry.phc
  }

  #remembers(entry: TokenEntry, digest: Buffer): boolean {
    const known = this.#remembered.get(entry.id)
    return known?.phc === entry.phc && known.until > this.#now() && timingSafeEqual(known.digest, digest)
  }

  /** Requests with the same token wait for the same hash. */
  #hash(entry: TokenEntry, token: string, digest: Buffer): Promise<boolean> {
    const key = `${entry.phc} ${digest.toString('hex')}`
    const running = this.#running.get(key)
    if (running) return running
    const result = this.#queue
      .then(() => this.#verify(entry.phc, token))
      .then((right) => {
        if (right)
          this.#remembered.set(entry.id, { digest, phc: entry.phc, until: this.#now() + this.#rememberMs })
        return right
      })
      .finally(() => this.#running.delete(key))
    this.#running.set(key, result)
    this.#queue = result.catch(() => undefined)
    return result
  }
}
