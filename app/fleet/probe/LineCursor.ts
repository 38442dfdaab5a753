/**
 * Reads one line from the left, field by field, without cutting it up: `proc` lines come by the hundred. A count that
 * is none is -1, and `failed` stays true from then on.
 */
export class LineCursor {
  failed = false
  readonly #line: string
  #at: number

  constructor(line: string, from: number) {
    this.#line = line
    this.#at = from
  }

  /** A whole number of at most 15 digits, up to the next blank, which is passed. */
  count(): number {
    const from = this.#at
    let value = 0
    for (; this.#at < this.#line.length; this.#at++) {
      const digit = this.#line.charCodeAt(this.#at) - 48
      if (digit >= 0 && digit <= 9) value = value * 10 + digit
      else if (digit === -16) break
      else return this.#fail()
    }
    if (this.#at === from || this.#at - from > 15) return this.#fail()
    this.#at++
    return value
  }

  /** The same; null where something else stands there. */
  countOrNull(): number | null {
    const failed = this.failed
    const from = this.#at
    const value = this.count()
    if (!this.failed || failed) return value < 0 ? null : value
    this.failed = false
    this.#at = from
    this.word()
    return null
  }

  word(): string {
    const blank = this.#line.indexOf(' ', this.#at)
    if (blank < 0) {
      this.failed = true
      return ''
    }
    const word = this.#line.slice(this.#at, blank)
    this.#at = blank + 1
    return word
  }

  /** What is left, as it is. */
  rest(): string {
    return this.#line.slice(this.#at)
  }

  #fail(): number {
    this.failed = true
    return -1
  }
}
