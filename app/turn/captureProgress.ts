/** Calls `act` every `ms` until the returned function is called. */
export type Every = (ms: number, act: () => void) => () => void

const everyMs = 1000
const maxChars = 2048

const every: Every = (ms, act) => {
  const timer = setInterval(act, ms).unref()
  return () => clearInterval(timer)
}

/**
 * Tells what came lately, at most once a second and the last 2,048 characters of it; a call that ends within a
 * second says nothing.
 */
export class CaptureProgress {
  readonly stop: () => void
  #lately = ''
  #left = false

  constructor(tell: (text: string) => void, inSteps: Every = every) {
    this.stop = inSteps(everyMs, () => {
      if (this.#lately === '') return
      tell(`${this.#left ? '…' : ''}${this.#lately.slice(-maxChars).toWellFormed()}`)
      this.#lately = ''
      this.#left = false
    })
  }

  add(text: string): void {
    this.#lately += text.slice(-maxChars)
    this.#left ||= text.length > maxChars || this.#lately.length > maxChars
    if (this.#lately.length > 8 * maxChars) this.#lately = this.#lately.slice(-maxChars)
  }
}
