import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApp, createOpsApp } from '#app/createApp.ts'
import { createHttpServer, listen } from '#app/http/listen.ts'
import { createToken } from '#app/http/tokenHash.ts'
import { createLogger } from '#app/logger.ts'
import { until } from '../test/fakes/breakglass.ts'
import { rawHttp } from '../test/fakes/rawHttp.ts'
import { startTestApp, type TestApp } from '../test/fakes/testApp.ts'

let app: TestApp
beforeEach(async () => {
  app = await startTestApp('loopback')
})
afterEach(() => app.stop())

async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(app.url + path, { method, headers, ...(body !== undefined && { body }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

describe('every answer', () => {
  const kinds: [what: string, path: string, status: number][] = [
    ['of a route', '/api/things', 200],
    ['of an open route', '/healthz', 200],
    ['to an unknown path', '/api/nothing', 404],
    ['to a wrong query', '/api/things?limit=0', 400],
    ['to another method', '/api/things/a', 405],
    ['that failed as told', '/api/fails/told', 409],
    ['that failed by our mistake', '/api/fails/badly', 500],
    ['for a missing file', '/_app/immutable/gone.js', 404],
    ['for a file', '/app.js', 200],
    ['for a page', '/', 200],
  ]

  test.each(kinds)('%s carries the headers', async (_what, path, status) => {
    await mkdir(app.uiDir)
    await writeFile(join(app.uiDir, 'app.js'), 'x')
    await writeFile(join(app.uiDir, '200.html'), '<html></html>')
    const reply = await call('GET', path, undefined, { accept: 'text/html', 'x-request-id': 'mine' })
    expect(reply.status).toBe(status)
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(reply.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
    expect(reply.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(reply.headers.get('x-powered-by')).toBeNull()
    if (path.startsWith('/api')) expect(reply.headers.get('cache-control')).toBe('no-store')
  })

  test('of a refusal carries them too', async () => {
    const reply = await rawHttp(
      app.port,
      'GET /api/things HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n',
    )
    expect(reply.status).toBe(401)
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'")
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
  })
})

describe('an error', () => {
  test('has one shape, with the fields of its code and the id of its request', async () => {
    const reply = await call('GET', '/api/fails/told')
    expect(JSON.parse(reply.text)).toEqual({
      detail: 'It is busy.',
      code: 'busy',
      request_id: reply.headers.get('x-request-id'),
      op: 'abc',
    })
  })

  test('by our mistake is logged with its stack and told without it', async () => {
    const reply = await call('GET', '/api/fails/badly')
    const body = JSON.parse(reply.text) as { code: string; request_id: string }
    expect(body.code).toBe('internal')
    expect(reply.text).not.toMatch(/hunter2|\.ts|at /)
    const line = app.lines().find((one) => one.msg === 'request failed')
    expect(line).toMatchObject({ level: 'error', request: body.request_id, err: { type: 'Error' } })
    expect(JSON.stringify(line)).toContain('testApp.ts')
  })

  test('in the middle of an answer cuts it off, so that it cannot be taken for whole', async () => {
    await expect(call('GET', '/api/fails/midway')).rejects.toThrow()
    expect((await call('GET', '/healthz')).status).toBe(200)
  })
})

test('a wrong address or query is told by field', async () => {
  const address = await call('POST', '/api/things/A')
  expect([address.status, JSON.parse(address.text)]).toMatchObject([
    400,
    { code: 'bad_request', detail: 'In the address: id: found a text; allowed: lower-case letters.' },
  ])
  const query = await call('GET', '/api/things?limit=1&limit=2')
  expect(JSON.parse(query.text)).toMatchObject({
    detail: expect.stringContaining('limit: found a list') as string,
  })
  const unreadable = await call('DELETE', '/api/things/%E0%A4%A')
  expect([unreadable.status, JSON.parse(unreadable.text)]).toMatchObject([400, { code: 'bad_request' }])
})

test('another method answers 405 and names the ones there are', async () => {
  const reply = await call('PUT', '/api/things')
  expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect((await call('GET', '/api/things/a')).headers.get('allow')).toBe('POST, DELETE')
  expect((await call('POST', '/api/stream')).headers.get('allow')).toBe('GET')
  expect((await call('DELETE', '/api/things/a')).status).toBe(204)
})

test('readiness says why not', async () => {
  expect((await call('GET', '/readyz')).status).toBe(200)
  app.reasons.push('The log cannot be reached.')
  const reply = await call('GET', '/readyz')
  expect([reply.status, JSON.parse(reply.text)]).toMatchObject([
    503,
    { code: 'not_ready', reasons: ['The log cannot be reached.'] },
  ])
  expect((await call('GET', '/healthz')).status).toBe(200)
})

test('the ops listener answers health and nothing else', async () => {
  const server = createHttpServer(
    createOpsApp({
      ready: () => [],
      logger: await createLogger({ destination: new PassThrough().resume() }),
    }),
  )
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, 'BREAKGLASS_OPS_LISTEN')
  try {
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200])
    expect([await status('/api/things'), await status('/'), await status('/api/openapi.json')]).toEqual([
      404, 404, 404,
    ])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a viewer may look and not change', async () => {
  const logger = await createLogger({ destination: new PassThrough().resume() })
  const viewer = await startViewer(logger)
  try {
    const look = await fetch(`http://127.0.0.1:${viewer.port}/api/look`)
    const change = await fetch(`http://127.0.0.1:${viewer.port}/api/change`, { method: 'POST', body: '{' })
    expect([look.status, change.status]).toEqual([200, 403])
    expect(await change.json()).toMatchObject({ code: 'forbidden' })
    expect(viewer.changed()).toBe(false)
  } finally {
    viewer.stop()
  }
})

async function startViewer(logger: Awaited<ReturnType<typeof createLogger>>) {
  let changed = false
  const server = createHttpServer(
    createApp({
      routes: [
        {
          method: 'get',
          path: '/api/look',
          access: 'viewer',
          summary: '',
          answers: {},
          handle: () => ({ body: [] }),
        },
        {
          method: 'post',
          path: '/api/change',
          access: 'operator',
          summary: '',
          answers: {},
          handle: () => void (changed = true),
        },
      ],
      identity: (_request, response, next) => {
        const context = response.locals.context as { identity?: object }
        context.identity = { name: 'someone', source: 'loopback', role: 'viewer' }
        next()
      },
      ready: () => [],
      uiDir: '/nonexistent',
      logger,
      version: '0',
    }),
  )
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, 'BREAKGLASS_LISTEN')
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port, changed: () => changed, stop }
}

test('the log tells each request once, without its query, and not the probes', async () => {
  await call('GET', '/api/things?limit=7')
  await call('GET', '/healthz')
  await call('GET', '/api/nothing?secret=hunter2')
  const requests = await until('both lines', () => {
    const found = app.lines().filter((one) => one.msg === 'request')
    return found.length >= 2 && found
  })
  expect(requests).toMatchObject([
    { method: 'GET', path: '/api/things', status: 200, by: 'loopback' },
    { method: 'GET', path: '/api/nothing', status: 404 },
  ])
  expect(JSON.stringify(app.lines())).not.toMatch(/limit=7|hunter2/)
})

test('a changed token file counts without a restart, and a revoked token no longer', async () => {
  const tokens = await startTestApp('token')
  try {
    const get = async () =>
      (await fetch(`${tokens.url}/api/things`, { headers: { authorization: `Bearer ${tokens.token}` } }))
        .status
    expect(await get()).toBe(200)
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokens.token}` }
    await fetch(`${tokens.url}/api/things/a`, { method: 'POST', headers, body: '{}' })
    expect(tokens.effects[0]?.stillValid?.()).toBe(true)
    const { hash } = await createToken('another')
    await writeFile(tokens.tokenFile, `this is no hash, but a secret\n${hash}\n`)
    await until('the token to be refused', async () => (await get()) === 401)
    expect(tokens.effects[0]?.stillValid?.()).toBe(false)
    const told = tokens.lines().find((one) => String(one.msg).includes('no token hashes'))
    expect(told).toMatchObject({ level: 'error', lines: [1] })
    expect(JSON.stringify(tokens.lines())).not.toContain('but a secret')
  } finally {
    await tokens.stop()
  }
})
