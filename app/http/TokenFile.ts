import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Logger } from '#app/logger.ts'
import { parseTokenLine, type TokenEntry } from './tokenHash.ts'

const maxTokens = 1000

/**
 * The file of token hashes, read again when it changes. A change that leaves no token (unreadable, empty, half
 * written) is reported and the old tokens stay, so that nobody is locked out by an editor; a file that was emptied
 * on purpose looks the same and takes a restart. To revoke a token, remove its line beside others or replace it.
 */
export class TokenFile {
  readonly #path: string
  readonly #logger: Logger
  readonly #reload = () => this.#read()
  #entries: ReadonlyMap<string, TokenEntry> = new Map()

  /** @param intervalMs between two looks at the file. */
  constructor(path: string, logger: Logger, intervalMs = 2000) {
    this.#path = path
    this.#logger = logger
    this.#read()
    watchFile(path, { interval: intervalMs, persistent: false }, this.#reload)
  }

  /** The entry with this id, as the file says now. */
  find(id: string): TokenEntry | undefined {
    return this.#entries.get(id)
  }

  /** Stops looking at the file. */
  close(): void {
    unwatchFile(this.#path, this.#reload)
  }

  #read(): void {
    let text
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (err) {
      this.#logger.error({ err }, 'BREAKGLASS_TOKEN_FILE cannot be read: the tokens read before it stay')
      return
    }
    const { entries, malformed } = parseTokenFile(text)
    // The line may be a token put there by mistake: only its number is told.
    if (malformed.length > 0)
      this.#logger.error(
        { lines: malformed },
        'BREAKGLASS_TOKEN_FILE: these lines are no token hashes, left out',
      )
    if (entries.size === 0 && this.#entries.size > 0) {
      this.#logger.error(
        'BREAKGLASS_TOKEN_FILE holds no token any more: the tokens read before it stay until a restart',
      )
      return
    }
    this.#entries = entries
    if (entries.size === 0) this.#logger.warn('BREAKGLASS_TOKEN_FILE holds no token: nobody can sign in')
  }
}

/** Blank lines and lines that begin with `#` count as nothing; a second line with the same id is malformed. */
export function parseTokenFile(text: string): { entries: Map<string, TokenEntry>; malformed: number[] } {
  const entries = new Map<string, TokenEntry>()
  const malformed: number[] = []
  text.split('\n').forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return
    const entry = parseTokenLine(line)
    if (!entry || entries.has(entry.id) || entries.size >= maxTokens) malformed.push(index + 1)
    else entries.set(entry.id, entry)
  })
  return { entries, malformed }
}
