const headChars = 48 * 1024
const tailChars = 16 * 1024

/** The begin and the end of a text that comes in pieces; all of it where it is short. */
export class HeadAndTail {
  #head = ''
  #tail = ''
  #chars = 0

  add(text: string): void {
    const toHead = Math.min(headChars - this.#head.length, text.length)
    this.#head += text.slice(0, toHead)
    this.#tail += text.slice(toHead)
    this.#chars += text.length
    // Not for every piece: each cut copies.
    if (this.#tail.length > 4 * tailChars) this.#tail = this.#tail.slice(-tailChars)
  }

  /** Characters that stand in neither. */
  get left(): number {
    return Math.max(0, this.#chars - headChars - tailChars)
  }

  /** With a sentence in place of what is left out. */
  text(remark: string): string {
    if (this.left === 0) return this.#head + this.#tail
    // toWellFormed: a cut may fall inside a surrogate pair.
    const [head, tail] = [this.#head.toWellFormed(), this.#tail.slice(-tailChars).toWellFormed()]
    return `${head}\n… ${this.left} characters left out here${remark} …\n${tail}`
  }
}
