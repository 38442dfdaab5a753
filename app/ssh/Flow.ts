import type { Readable } from 'node:stream'
import type { Quiet } from './Quiet.ts'

/** Holds a command's streams back while whoever takes its output asks to wait. */
export class Flow {
  readonly #streams: Readable[]
  readonly #quiet: Quiet
  #held = 0
  #finishing = false
  #whenTaken: (() => void) | undefined

  constructor(streams: Readable[], quiet: Quiet) {
    this.#streams = streams
    this.#quiet = quiet
    for (const stream of streams) {
      // Node lets the pipes of a process flow again once it has ended, whoever paused them.
      stream.on('resume', () => {
        if (this.#held > 0 || this.#finishing) stream.pause()
      })
    }
  }

  /** Nothing more is read until this resolves; a rejection counts as done. */
  hold(taken: Promise<void>): void {
    this.#held += 1
    this.#quiet.hold()
    for (const stream of this.#streams) stream.pause()
    const release = () => this.#release()
    void taken.then(release, release)
  }

  /** Calls `act` once all that was read is taken: now, if nobody waits. */
  whenTaken(act: () => void): void {
    if (this.#held === 0) act()
    else this.#whenTaken = act
  }

  /** Takes what has arrived already, reads no further, and then calls `act`. */
  finish(act: () => void): void {
    this.#finishing = true
    const streams = [...this.#streams]
    const next = () => {
      const stream = streams.shift()
      if (!stream) return act()
      // In one piece, and told to the listener.
      if (stream.readableLength > 0) stream.read()
      this.whenTaken(next)
    }
    this.whenTaken(next)
  }

  #release(): void {
    this.#held -= 1
    if (this.#held > 0) return
    this.#quiet.release()
    if (!this.#finishing) for (const stream of this.#streams) stream.resume()
    const act = this.#whenTaken
    this.#whenTaken = undefined
    act?.()
  }
}
