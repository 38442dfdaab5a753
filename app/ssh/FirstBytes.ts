import { StringDecoder } from 'node:string_decoder'

/** The first `max` bytes of a stream; what is beyond is counted as dropped. */
export class FirstBytes {
  readonly #max: number
  // Grown by doubling and copied into: a slice would keep the whole packet that it was cut from alive.
  #bytes = Buffer.alloc(0)
  #length = 0
  dropped = false

  constructor(max: number) {
    this.#max = max
  }

  add(data: Buffer): void {
    const taken = Math.min(data.length, this.#max - this.#length)
    if (taken < data.length && this.#max > 0) this.dropped = true
    if (taken === 0) return
    if (this.#length + taken > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(this.#max, Math.max(4096, 2 * this.#bytes.length, this.#length + taken)),
      )
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    data.copy(this.#bytes, this.#length, 0, taken)
    this.#length += taken
  }

  /** As it is now; it changes when more is added. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Forgets what is beyond. */
  cut(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  /** As UTF-8. A character that the limit cut in two is left out; other broken bytes become U+FFFD. */
  text(): string {
    const decoder = new StringDecoder('utf8')
    const whole = decoder.write(this.bytes)
    return this.dropped ? whole : whole + decoder.end()
  }
}
