import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const maxWaitingBytes = 4 * 1024 * 1024
const flushMs = 1000

export interface Output {
  write: (text: string) => void
  /** Resolves when all is written, or cannot be soon. */
  flush: () => Promise<void>
}

/**
 * The one writer of stdout: log, audit and the line with our address. A reader that stands still or has gone never
 * holds up the process, which is what `process.stdout` would do: beyond 4 MiB waiting, lines are dropped.
 */
export function openStandardOutput(): Output {
  const stream = createWriteStream('', { fd: process.stdout.fd, autoClose: false })
  stream.on('error', () => undefined)
  return {
    write(text) {
      if (!stream.destroyed && stream.writableLength < maxWaitingBytes) stream.write(text)
    },
    async flush() {
      const written = new Promise<void>((done) => stream.write('', () => done()))
      await Promise.race([written, sleep(flushMs, undefined, { ref: false })])
    },
  }
}
