import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

export interface SseFrame {
  /** `message` where the server named no event. */
  event: string
  id?: string
  // The shape differs per stream; each test says what it expects of it.
  data: any
}

export interface SseStream {
  status: number
  headers: IncomingHttpHeaders
  /** Everything that was received so far, in order. */
  frames: SseFrame[]
  /** The `data` of the default `message` events among them. */
  events: () => any[]
  /** The last `id` received: what a browser sends as `Last-Event-ID`. */
  lastId: () => string | undefined
  /** The last `retry`, in ms. */
  retry: () => number | undefined
  /** The whole body where it is not a stream. */
  text: () => string
  /** Resolves with the first frame that `matches`, received already or to come; rejects when the stream ends first. */
  until: (matches: (frame: SseFrame) => boolean) => Promise<SseFrame>
  /** Resolves when the connection is over, from either side. */
  closed: Promise<void>
  socket: Socket
  /** Begins to read where it was opened `paused`. */
  resume: () => void
  close: () => void
}

export interface SseOptions {
  lastEventId?: string | undefined
  headers?: Record<string, string>
  /** Reads nothing until `resume`. */
  paused?: boolean
}

/** Opens `url` as an EventSource would, without its own reconnect. Resolves with the headers. */
export async function openSse(url: string, options: SseOptions = {}): Promise<SseStream> {
  const headers = { accept: 'text/event-stream', ...options.headers }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(url, {
      agent: false,
      headers:
        options.lastEventId === undefined ? headers : { ...headers, 'last-event-id': options.lastEventId },
    })
    asked.once('response', resolve)
    asked.once('error', reject)
    asked.end()
  })
  const frames: SseFrame[] = []
  const waiting = new Set<() => void>()
  let text = ''
  let rest = ''
  let lastId: string | undefined
  let retry: number | undefined
  let over = false
  const take = (block: string): void => {
    const frame: SseFrame = { event: 'message', data: undefined }
    for (const line of block.split('\n')) {
      const value = line.slice(line.indexOf(': ') + 2)
      if (line.startsWith('id: ')) frame.id = lastId = value
      else if (line.startsWith('event: ')) frame.event = value
      else if (line.startsWith('data: ')) frame.data = JSON.parse(value)
      else if (line.startsWith('retry: ')) retry = Number(value)
    }
    if (frame.data !== undefined) frames.push(frame)
  }
  const isStream = response.headers['content-type']?.startsWith('text/event-stream') ?? false
  const closed = new Promise<void>((resolve) => {
    response.once('close', () => {
      over = true
      resolve()
      for (const look of waiting) look()
    })
  })
  response.on('error', () => undefined)
  response.setEncoding('utf8')
  response.on('data', (piece: string) => {
    if (!isStream) return void (text += piece)
    const blocks = (rest + piece).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) take(block)
    for (const look of waiting) look()
  })
  if (options.paused === true) response.pause()
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    frames,
    events: () => frames.filter(({ event }) => event === 'message').map(({ data }) => data),
    lastId: () => lastId,
    retry: () => retry,
    text: () => text,
    until: (matches) =>
      new Promise((resolve, reject) => {
        let seen = 0
        const look = (): void => {
          const found = frames.slice(seen).find(matches)
          seen = frames.length
          if (found !== undefined) resolve(found)
          else if (over) reject(new Error(`the stream ended after ${frames.length} frames`))
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    closed,
    socket: response.socket,
    resume: () => void response.resume(),
    close: () => response.destroy(),
  }
}

export const isEvent = (frame: SseFrame): boolean => frame.event === 'message'
export const isCaughtUp = (frame: SseFrame): boolean => frame.event === 'caught-up'
