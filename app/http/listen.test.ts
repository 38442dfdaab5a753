import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseReply, rawHttp } from '../../test/fakes/rawHttp.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'
import { openStream } from '../../test/fakes/openStream.ts'
import { createHttpServer, listen, listenError } from './listen.ts'

test('a taken port ends in a sentence that names it and its variable', async () => {
  const first = createHttpServer(() => undefined)
  const { port } = await listen(first, { host: '127.0.0.1', port: 0 }, 'BREAKGLASS_LISTEN')
  try {
    const second = listen(createServer(), { host: '127.0.0.1', port }, 'BREAKGLASS_LISTEN')
    await expect(second).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken by another process: end it, or set BREAKGLASS_LISTEN to another host:port.`,
    )
  } finally {
    first.close()
  }
})

test.each([
  ['EACCES', /port 80 on 127\.0\.0\.1 may not be used.*BREAKGLASS_OPS_LISTEN/i],
  ['EADDRNOTAVAIL', /does not have that address.*BREAKGLASS_OPS_LISTEN/],
  ['ENOTFOUND', /the name 127\.0\.0\.1 is not known here/],
  ['ESOMETHING', /\(ESOMETHING\).*BREAKGLASS_OPS_LISTEN/],
])('%s is told in words', (code, sentence) => {
  const error = Object.assign(new Error('x'), { code })
  expect(listenError(error, { host: '127.0.0.1', port: 80 }, 'BREAKGLASS_OPS_LISTEN')).toMatch(sentence)
})

describe('what is no HTTP, or hardly', () => {
  let app: TestApp
  beforeEach(async () => {
    app = await startTestApp('loopback', [openStream])
  })
  afterEach(() => app.stop())

  test.each([
    ['a word', 'hello\r\n\r\n', 400, 'bad_request'],
    [
      'a request without Host',
      'GET /api/things HTTP/1.1\r\nConnection: close\r\n\r\n',
      400,
      'malformed_identity',
    ],
    [
      'an unknown expectation',
      'GET /api/nothing HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n',
      401,
      'unauthenticated',
    ],
    [
      'an upgrade',
      'GET /api/things HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n',
      401,
      'unauthenticated',
    ],
    [
      'headers beyond the limit',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'too_large',
    ],
    [
      'an address beyond the limit',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      431,
      'too_large',
    ],
    [
      'two lengths',
      'POST /api/things/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
      'bad_request',
    ],
    [
      'a length beside pieces',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad_request',
    ],
  ])('%s is answered in the same shape', async (_what, text, status, code) => {
    const reply = await rawHttp(app.port, text)
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.body)).toMatchObject({ code, request_id: reply.headers['x-request-id'] })
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
  })

  test('what follows a finished answer is answered too', async () => {
    const first = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const socket = connect({ port: app.port, host: '127.0.0.1' })
    socket.write(first)
    await once(socket, 'data')
    socket.write('hello\r\n\r\n')
    const [second] = (await once(socket, 'data')) as [Buffer]
    expect(second.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request/)
    socket.destroy()
  })

  test('what is sent on an open stream ends it, and writes nothing into it', async () => {
    const socket = connect({ port: app.port, host: '127.0.0.1' })
    let text = ''
    socket.on('data', (piece: Buffer) => (text += piece.toString()))
    socket.write('GET /api/open HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await vi.waitFor(() => expect(text).toContain('data: 1\n\n'))
    socket.write('hello\r\n\r\n')
    await once(socket, 'close')
    expect(parseReply(text)).toMatchObject({ status: 200, body: 'data: 1\n\n' })
  })

  test('a reply is read as it was sent', () => {
    expect(parseReply('HTTP/1.1 204 No Content\r\nA: b\r\n\r\nc\r\n\r\nd')).toEqual({
      status: 204,
      headers: { a: 'b' },
      body: 'c\r\n\r\nd',
    })
  })
})
