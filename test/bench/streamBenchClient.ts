import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { openEventLog } from '#app/eventlog/openEventLog.ts'
import { serveOperations } from './processes.ts'
import { monotonicMs, sleep } from './statistics.ts'

/** The clients' side of the stream benches: bare sockets, so that what is measured is the server. */

interface Reader {
  socket: Socket
  /** Bytes of events so far; -1 while the preamble is not over. */
  bytes: number
  preamble: string
}

const readers: Reader[] = []
/** Per piece that arrived while `measuring`: frames before it, frames in it, and when. */
let pieces: { first: Uint32Array; count: Uint32Array; at: Float64Array }
let pieceCount = 0
let frameBytes = 0
let onFrames: ((text: string) => void) | undefined
let broken = 0

const scratch = Buffer.alloc(1024 * 1024)
const preambleEnd = /event: caught-up\ndata: [^\n]*\n\n/

function ask(url: string, onData: (piece: Buffer) => void, onClose?: () => void): Socket {
  const { hostname, port, pathname, search } = new URL(url)
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      // One for all sockets: each piece is looked at before the next one is read.
      buffer: scratch,
      callback: (bytes, buffer) => {
        onData(Buffer.from(buffer.buffer, buffer.byteOffset, bytes))
        return true
      },
    },
  })
  socket.on('error', () => (broken += 1))
  if (onClose) socket.once('close', onClose)
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  return socket
}

function read(reader: Reader, piece: Buffer): void {
  if (reader.bytes < 0) {
    reader.preamble += piece.toString('latin1')
    const end = preambleEnd.exec(reader.preamble)
    if (end === null) return
    reader.bytes = reader.preamble.length - end.index - end[0].length
    reader.preamble = ''
    return
  }
  if (onFrames) return onFrames(piece.toString('latin1'))
  const before = Math.floor(reader.bytes / frameBytes)
  // The first frame that begins in this piece must be the one that is due.
  const offset = (frameBytes - (reader.bytes % frameBytes)) % frameBytes
  reader.bytes += piece.length
  const after = Math.floor(reader.bytes / frameBytes)
  if (offset + 40 < piece.length && piece[offset] !== 0x69) broken += 1
  if (after === before) return
  pieces.first[pieceCount] = before
  pieces.count[pieceCount] = after - before
  pieces.at[pieceCount++] = monotonicMs()
}

serveOperations({
  /** Times from before the connection to the first event and to `end`, in ms. */
  replay: (url: string, end: string) =>
    new Promise((resolve) => {
      const began = monotonicMs()
      const marker = Buffer.from(end)
      let first = NaN
      let bytes = 0
      let tail = Buffer.alloc(0)
      const socket = ask(url, (piece) => {
        bytes += piece.length
        if (Number.isNaN(first) && piece.includes('"kind":"text"')) first = monotonicMs() - began
        const last = Buffer.concat([tail, piece.subarray(-200)])
        tail = Buffer.from(last.subarray(-200))
        if (!last.includes(marker)) return
        const whole = monotonicMs() - began
        socket.once('close', () => resolve({ first, whole, bytes }))
        socket.destroy()
      })
    }),
  /** Attaches to each of `urls` and keeps reading; resolves when all have caught up. */
  async open(urls: string[]) {
    for (let i = 0; i < urls.length; i++) {
      const reader: Reader = { socket: undefined as unknown as Socket, bytes: -1, preamble: '' }
      reader.socket = ask(urls[i] ?? '', (piece) => read(reader, piece))
      readers.push(reader)
      if (i % 50 === 49) while (readers.some(({ bytes }) => bytes < 0)) await sleep(5)
    }
    while (readers.some(({ bytes }) => bytes < 0)) await sleep(5)
  },
  close() {
    for (const { socket } of readers.splice(0)) socket.destroy()
  },
  /** From now on every event is `bytes` long as a frame; room for `mostPieces` pieces. */
  measure(bytes: number, mostPieces: number) {
    frameBytes = bytes
    pieceCount = 0
    broken = 0
    pieces = {
      first: new Uint32Array(mostPieces),
      count: new Uint32Array(mostPieces),
      at: new Float64Array(mostPieces),
    }
  },
  /** Latencies when event i was due at `began + i * intervalMs`; waits until all have come, at most `waitMs`. */
  async latencies(began: number, intervalMs: number, total: number, waitMs: number) {
    const end = Date.now() + waitMs
    while (Date.now() < end && readers.some(({ bytes }) => bytes < total * frameBytes)) await sleep(20)
    const histogram = new Float64Array(100_000)
    let seen = 0
    for (let i = 0; i < pieceCount; i++) {
      const first = pieces.first[i] ?? 0
      for (let frame = first; frame < first + (pieces.count[i] ?? 0); frame++) {
        const latency = (pieces.at[i] ?? 0) - (began + frame * intervalMs)
        const slot = Math.max(0, Math.min(histogram.length - 1, Math.round(latency * 20)))
        histogram[slot] = (histogram[slot] ?? 0) + 1
        seen += 1
      }
    }
    const at = (share: number): number => {
      let sum = 0
      const slot = histogram.findIndex((count) => (sum += count) >= share * seen)
      return slot / 20
    }
    const exact = readers.filter(({ bytes }) => bytes === total * frameBytes).length
    return { p50: at(0.5), p99: at(0.99), max: at(1), seen, exact, broken, pieces: pieceCount }
  },
  /** Collects latencies of events that carry when they were sent, until `count` have come. */
  collect: (count: number) =>
    new Promise((resolve) => {
      const found: number[] = []
      onFrames = (text) => {
        const now = monotonicMs()
        for (const match of text.matchAll(/"sent":([\d.]+)/g)) found.push(now - Number(match[1]))
        if (found.length >= count) resolve(found)
      }
    }),
  /** Appends from here, as another replica would; the streams are attached to elsewhere. */
  async appendFromHere(redisUrl: string, stream: string, count: number, gapMs: number) {
    const log = await openEventLog({ redisUrl, dataDir: '' })
    let at = await log.head(stream)
    for (let i = 0; i < count; i++) {
      const result = await log.append(stream, at, [
        { kind: 'text', sent: monotonicMs(), text: 'x'.repeat(100) },
      ])
      if (!result.ok) throw new Error(result.reason)
      at = { epoch: result.batch.epoch, seq: result.batch.last }
      await sleep(gapMs)
    }
    await log.close()
  },
  async publishFromHere(redisUrl: string, channel: string, count: number, gapMs: number) {
    const redis = new Redis(redisUrl)
    for (let i = 0; i < count; i++) {
      const event = {
        kind: 'text',
        id: i,
        at: new Date().toISOString(),
        sent: monotonicMs(),
        text: 'x'.repeat(100),
      }
      await redis.publish(channel, `id: 0123456789ab.${i}\ndata: ${JSON.stringify(event)}\n\n`)
      await sleep(gapMs)
    }
    redis.disconnect()
  },
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
})
