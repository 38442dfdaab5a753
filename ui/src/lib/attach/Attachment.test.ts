import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Attachment, type AttachmentOptions, type Link } from './Attachment.ts'
import { atStart } from './position.ts'
import type { LogEvent } from './readMessage.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const at = '2026-11-20T02:51:07.000Z'
const frame = (seq: number, epoch = 'e'): string =>
  `id: ${epoch}.${seq}\ndata: ${JSON.stringify({ kind: 'text', id: seq, at, text: `é${seq}` })}\n\n`
const named = (event: string, data: object = {}): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

let server: Server
let base: string
/** What each connection is answered, in order; the last answer repeats. */
let script: Answer[]
let requests: string[]
let attachment: Attachment | null
let links: Link[]
let seen: LogEvent[]
let resets: number
let caughtUp: number

beforeEach(async () => {
  script = []
  requests = []
  links = []
  seen = []
  resets = 0
  caughtUp = 0
  attachment = null
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const answer = script.length > 1 ? script.shift() : script[0]
    answer?.(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})

afterEach(async () => {
  attachment?.stop()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  vi.restoreAllMocks()
})

function attach(
  from: AttachmentOptions['from'] = atStart,
  other: Partial<AttachmentOptions> = {},
): Attachment {
  attachment = new Attachment({
    path: `${base}/stream`,
    from,
    fetch,
    onEvents: (events) => seen.push(...events),
    onReset: () => {
      resets++
      seen = []
    },
    onCaughtUp: () => caughtUp++,
    onLink: (link) => links.push(link),
    onHeard: () => undefined,
    random: () => 0,
    ...other,
  })
  attachment.start()
  return attachment
}

const stream =
  (...chunks: (string | Buffer)[]): Answer =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const chunk of chunks) response.write(chunk)
  }
const refuse =
  (status: number, detail: string, code = 'x'): Answer =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ detail, code, request_id: 'r' }))
  }
/** Sends, then breaks the connection once that has gone out. */
const streamThenBreak =
  (...chunks: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(chunks.join(''), () => setImmediate(() => response.destroy()))
  }
const ids = (): number[] => seen.map(({ id }) => id)
const link = (): Link | undefined => links.at(-1)

test('tells the log in order, then that all of it was told', async () => {
  script = [stream(frame(1) + frame(2), named('caught-up', { head: 2 }), frame(3))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3]))
  expect(caughtUp).toBe(1)
  expect(link()).toEqual({ state: 'attached' })
  expect(requests).toEqual(['/stream'])
})

test('a chunk may end anywhere, in the middle of a character too', async () => {
  const bytes = Buffer.from(frame(1) + frame(2))
  const middle = bytes.indexOf(Buffer.from('é')) + 1
  script = [stream(bytes.subarray(0, middle), bytes.subarray(middle))]
  attach()
  await vi.waitFor(() =>
    expect(seen.map((event) => (event as LogEvent & { text: string }).text)).toEqual(['é1', 'é2']),
  )
})

test('a broken connection is resumed after the last event: nothing missing, nothing twice', async () => {
  script = [streamThenBreak(frame(1), frame(2)), stream(frame(2), frame(3), named('caught-up', { head: 3 }))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3]))
  expect(requests).toEqual(['/stream', '/stream?after=e.2'])
  expect(links.map(({ state }) => state)).toEqual(['connecting', 'attached', 'reconnecting', 'attached'])
})

test('goes on from where it was left before', async () => {
  script = [stream(frame(8), named('caught-up', { head: 8 }))]
  attach({ epoch: 'e', seq: 7 })
  await vi.waitFor(() => expect(ids()).toEqual([8]))
  expect(requests).toEqual(['/stream?after=e.7'])
})

test('a line without a sign of life is given up and opened again', async () => {
  script = [stream(frame(1)), stream(frame(2), named('caught-up', { head: 2 }))]
  attach(atStart, { silenceMs: 60 })
  await vi.waitFor(() => expect(ids()).toEqual([1, 2]))
  expect(requests[1]).toBe('/stream?after=e.1')
})

test('a server that never answers is given up and asked again', async () => {
  script = [() => undefined, stream(frame(1))]
  attach(atStart, { connectMs: 60 })
  await vi.waitFor(() => expect(ids()).toEqual([1]))
})

test('a hole is filled by attaching again', async () => {
  script = [stream(frame(1), frame(3)), stream(frame(2), frame(3))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3]))
  expect(requests[1]).toBe('/stream?after=e.1')
})

test('a hole that is really in the log does not end the attachment', async () => {
  script = [stream(frame(1), frame(3), named('caught-up', { head: 3 }))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1, 3]))
  expect(caughtUp).toBe(1)
})

test('an event that cannot be read is skipped and noted without its content', async () => {
  script = [stream(frame(1), 'id: e.2\ndata: {"secret\n\n', frame(3), named('caught-up', { head: 3 }))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1, 3]))
  const noted = vi.mocked(console.warn).mock.calls.flat().join('\n')
  expect(noted).toContain('event 2 could not be read')
  expect(noted).not.toContain('secret')
  expect(requests).toHaveLength(1)
})

test('a reset drops what was told, and the same stream goes on from 1', async () => {
  script = [
    stream(
      named('reset', { reason: 'epoch', head: 1 }),
      frame(1, 'f'),
      named('caught-up', { head: 1 }),
      frame(2, 'f'),
    ),
  ]
  attach({ epoch: 'e', seq: 9 })
  await vi.waitFor(() => expect(ids()).toEqual([1, 2]))
  expect(resets).toBe(1)
})

test('another log without a reset is read from its beginning', async () => {
  script = [stream(frame(1, 'f'), named('caught-up', { head: 1 }))]
  attach({ epoch: 'e', seq: 9 })
  await vi.waitFor(() => expect(ids()).toEqual([1]))
  expect(resets).toBe(1)
  expect(requests.at(-1)).toBe('/stream')
})

test('gone is the end: nobody comes back', async () => {
  script = [stream(frame(1), named('gone'))]
  attach()
  await vi.waitFor(() => expect(link()).toMatchObject({ state: 'ended', why: 'gone' }))
  expect(requests).toHaveLength(1)
})

test.each([
  [404, 'not_found', 'missing'],
  [401, 'unauthenticated', 'signed_out'],
  [403, 'forbidden', 'refused'],
] as const)('an answer of %i %s ends it as %s, with the reason', async (status, code, why) => {
  script = [refuse(status, 'There is no such session.', code)]
  attach()
  await vi.waitFor(() => expect(link()).toMatchObject({ state: 'ended', why }))
  expect(requests).toHaveLength(1)
})

test('a redirect, which a browser hides, is a proxy that wants a sign-in', async () => {
  // Node shows a redirect where a browser shows this.
  const hidden = { type: 'opaqueredirect', status: 0, ok: false } as Response
  attach(atStart, { fetch: () => Promise.resolve(hidden) })
  await vi.waitFor(() => expect(link()).toMatchObject({ state: 'ended', why: 'signed_out' }))
})

test('a log that cannot be reached is waited for, and the reason is told', async () => {
  script = [refuse(503, 'The log cannot be reached.'), stream(frame(1))]
  attach()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
  expect(links).toContainEqual({ state: 'reconnecting', attempt: 0, why: 'The log cannot be reached.' })
})

test('a page that is seen again opens a fresh connection at once, and shows no change', async () => {
  script = [stream(frame(1)), stream(frame(2))]
  const one = attach()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
  one.wake()
  await vi.waitFor(() => expect(ids()).toEqual([1, 2]))
  expect(links.map(({ state }) => state)).toEqual(['connecting', 'attached', 'attached'])
})

test('waking ends the waiting of the back-off', async () => {
  script = [refuse(503, 'no'), stream(frame(1))]
  const one = attach()
  await vi.waitFor(() => expect(link()?.state).toBe('reconnecting'))
  one.wake()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
})

test.each([404, 403])(
  "a proxy's page with %i says nothing of the session: it is tried again",
  async (status) => {
    const page: Answer = (response) => {
      response.writeHead(status, { 'Content-Type': 'text/html' })
      response.end('<html>No such host</html>')
    }
    script = [page, stream(frame(1))]
    attach()
    await vi.waitFor(() => expect(ids()).toEqual([1]))
  },
)

test('a trimmed log is taken from where it begins, in one connection', async () => {
  script = [
    stream(
      named('reset', { reason: 'trimmed', head: 9 }),
      frame(8),
      frame(9),
      named('caught-up', { head: 9 }),
    ),
  ]
  attach({ epoch: 'e', seq: 3 })
  await vi.waitFor(() => expect(caughtUp).toBe(1))
  expect(ids()).toEqual([8, 9])
  expect(requests).toHaveLength(1)
})

test('only the first event after a reset may stand anywhere', async () => {
  script = [
    stream(named('reset', { reason: 'trimmed', head: 9 }), frame(6), frame(8)),
    stream(frame(7), frame(8)),
  ]
  attach({ epoch: 'e', seq: 3 })
  await vi.waitFor(() => expect(ids()).toEqual([6, 7, 8]))
  expect(requests[1]).toBe('/stream?after=e.6')
})

test('a log without its beginning is not attached to for ever', async () => {
  script = [stream(named('reset', { reason: 'trimmed', head: 9 }), named('caught-up', { head: 9 }))]
  attach({ epoch: 'e', seq: 3 })
  await vi.waitFor(() => expect(caughtUp).toBe(1))
  expect(requests).toHaveLength(2)
})

test.each([
  ['gone', stream(named('gone'))],
  ['missing', refuse(404, 'no', 'not_found')],
  ['refused', refuse(403, 'no', 'forbidden')],
] as const)('what ended as %s is not woken, and can be retried', async (why, answer) => {
  script = [answer, stream(frame(1))]
  const one = attach()
  await vi.waitFor(() => expect(link()).toMatchObject({ state: 'ended', why }))
  one.wake()
  expect(link()).toMatchObject({ state: 'ended', why })
  one.retry()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
  expect(requests).toHaveLength(2)
})

test('waking tries again after a sign-in', async () => {
  script = [refuse(401, 'no'), stream(frame(1))]
  const one = attach()
  await vi.waitFor(() => expect(link()?.state).toBe('ended'))
  one.wake()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
})

test('stopping ends the connection', async () => {
  let closed = false
  script = [
    (response, request) => {
      stream(frame(1))(response, request)
      response.on('close', () => (closed = true))
    },
  ]
  const one = attach()
  await vi.waitFor(() => expect(ids()).toEqual([1]))
  one.stop()
  await vi.waitFor(() => expect(closed).toBe(true))
  expect(requests).toHaveLength(1)
})

test('from the head, each connection begins where the log stands, and within it nothing is missed', async () => {
  script = [
    stream(named('caught-up', { head: 40 }), frame(41), frame(42), frame(44)),
    streamThenBreak(named('caught-up', { head: 90 })),
    stream(named('caught-up', { head: 95 }), frame(96)),
  ]
  attach('head')
  await vi.waitFor(() => expect(ids()).toEqual([41, 42, 96]), 10_000)
  expect(requests).toEqual(['/stream', '/stream', '/stream'])
  expect(caughtUp).toBe(3)
  expect(resets).toBe(0)
})

test('from the head, a log that began anew is attached to anew instead of being replayed', async () => {
  script = [
    stream(
      named('caught-up', { head: 40 }),
      frame(41),
      named('reset', { reason: 'lost', head: 2 }),
      frame(1, 'f'),
    ),
    stream(named('caught-up', { head: 2 }), frame(3, 'f')),
  ]
  attach('head')
  await vi.waitFor(() => expect(ids()).toEqual([3]), 10_000)
  expect(resets).toBe(1)
  expect(requests).toEqual(['/stream', '/stream'])
})
