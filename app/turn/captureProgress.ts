/** Calls `act` every `ms` until the returned function is called. */
export type Every = (ms: number, act: () => void) => () => void

const everyMs = 1000
const maxBytes = 1024
const maxGap = 10
/** They stay in the session's log: a call that runs for long is not what it is made of. */
const maxTold = 60

const every: Every = (ms, act) => {
  const timer = setInterval(act, ms).unref()
  return () => clearInterval(timer)
}

/**
 * Tells what came lately, the last 1,024 bytes of it: after a second, then ever more rarely, in the end every ten
 * seconds, and 60 times at most. A call that ends within a second says nothing.
 */
export class CaptureProgress {
  readonly #stop: () => void
  #lately = ''
  #left = false
  /** In seconds: how long it has run, from when on it may tell again, and how long it waits after that. */
  #ran = 0
  #next = 1
  #gap = 1
  #told = 0

  constructor(tell: (text: string) => void, inSteps: Every = every) {
    this.#stop = inSteps(everyMs, () => {
      this.#ran++
      if (this.#lately === '' || this.#ran < this.#next || this.#told === maxTold) return
      tell(this.#take())
      this.#gap = Math.min(2 * this.#gap, maxGap)
      this.#next = this.#ran + this.#gap
      if (++this.#told === maxTold) this.stop()
    })
  }

  stop(): void {
    this.#stop()
  }

  add(text: string): void {
    if (this.#told === maxTold) return
    this.#lately += text.slice(-maxBytes)
    this.#left ||= text.length > maxBytes || this.#lately.length > maxBytes
    if (this.#lately.length > 8 * maxBytes) this.#lately = this.#lately.slice(-maxBytes)
  }

  #take(): string {
    const mark = '…'
    const bytes = Buffer.from(this.#lately.slice(-maxBytes))
    const all = !this.#left && bytes.length <= maxBytes
    let from = all ? 0 : Math.max(0, bytes.length - maxBytes + Buffer.byteLength(mark))
    // Bytes that continue a character begin with 10.
    while (((bytes[from] ?? 0) & 0xc0) === 0x80) from++
    this.#lately = ''
    this.#left = false
    return `${all ? '' : mark}${bytes.subarray(from).toString()}`
  }
}
