const headChars = 48 * 1024
const tailChars = 16 * 1024

/** The begin and the end of a text that comes in pieces; all of it where it is short. */
export class HeadAndTail {
  #head = ''
  /** What came last. Without its first piece it would be too short. */
  readonly #tail: string[] = []
  #tailLength = 0
  #chars = 0

  add(text: string): void {
    const toHead = Math.min(headChars - this.#head.length, text.length)
    this.#head += text.slice(0, toHead)
    this.#chars += text.length
    const rest = text.slice(Math.max(toHead, text.length - tailChars))
    if (rest === '') return
    this.#tail.push(rest)
    this.#tailLength += rest.length
    for (;;) {
      const [first] = this.#tail
      if (first === undefined || this.#tailLength - first.length < tailChars) return
      this.#tail.shift()
      this.#tailLength -= first.length
    }
  }

  /** Characters that stand in neither. */
  get left(): number {
    return Math.max(0, this.#chars - headChars - tailChars)
  }

  /** With a sentence in place of what is left out. */
  text(remark: string): string {
    const tail = this.#tail.join('')
    if (this.left === 0) return this.#head + tail
    // toWellFormed: a cut may fall inside a surrogate pair.
    const [begin, end] = [this.#head.toWellFormed(), tail.slice(-tailChars).toWellFormed()]
    return `${begin}\n… ${this.left} characters left out here${remark} …\n${end}`
  }
}
