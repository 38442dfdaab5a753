import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rawHttp } from '../../test/fakes/rawHttp.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'
import { pagePolicy } from './pagePolicy.ts'

const page = `<html><head><meta http-equiv="content-security-policy" content="script-src 'self' 'sha256-AbC+/9=='">`

describe('a built UI', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp('token')
    await mkdir(join(app.uiDir, '_app/immutable'), { recursive: true })
    await writeFile(join(app.uiDir, '200.html'), page)
    await writeFile(join(app.uiDir, 'sw.js'), 'self')
    await writeFile(join(app.uiDir, 'manifest.webmanifest'), '{}')
    await writeFile(join(app.uiDir, '.secret'), 'hunter2')
    await writeFile(join(app.uiDir, '_app/immutable/entry.abc.js'), 'import')
  })
  afterAll(() => app.stop())

  const html = { accept: 'text/html,application/xhtml+xml' }
  const get = (path: string, headers: Record<string, string> = {}) => fetch(app.url + path, { headers })

  test('is open to everyone, and its pages start at any address', async () => {
    for (const path of ['/', '/session/abc', '/vm/a.b']) {
      const response = await get(path, html)
      expect([response.status, await response.text()]).toEqual([200, page])
      expect(response.headers.get('content-type')).toMatch(/^text\/html/)
      expect(response.headers.get('cache-control')).toBe('no-cache')
    }
  })

  test('a page is allowed its own scripts by hash, and nothing inline or from elsewhere', async () => {
    const policy = (await get('/', html)).headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self' 'sha256-AbC+/9=='")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
  })

  test('the front door opens to whoever asks, curl too', async () => {
    expect(await (await get('/', { accept: '*/*' })).text()).toBe(page)
  })

  test('the worker may fetch what it keeps for the time without a network', async () => {
    const policy = (await get('/sw.js')).headers.get('content-security-policy')
    expect(policy).toContain("connect-src 'self'")
    expect(policy).not.toContain('unsafe')
  })

  test('files that are named by their hash are kept, all others are asked for again', async () => {
    const cache = async (path: string) => (await get(path)).headers.get('cache-control')
    expect(await cache('/_app/immutable/entry.abc.js')).toBe('public, max-age=31536000, immutable')
    expect(await cache('/sw.js')).toBe('no-cache')
    expect(await cache('/manifest.webmanifest')).toBe('no-cache')
    const etag = (await get('/sw.js')).headers.get('etag') ?? ''
    const again = `GET /sw.js HTTP/1.1\r\nHost: a\r\nIf-None-Match: ${etag}\r\nConnection: close\r\n\r\n`
    expect((await rawHttp(app.port, again)).status).toBe(304)
  })

  test('what is missing answers 404 in the shape of every error, never a page', async () => {
    for (const [path, headers] of [
      ['/gone.js', { accept: '*/*' }],
      ['/_app/immutable/gone.js', html],
      ['/.secret', { accept: '*/*' }],
    ] as const) {
      const response = await get(path, headers)
      expect([path, response.status]).toEqual([path, 404])
      expect(await response.json()).toMatchObject({ code: 'not_found' })
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
  })

  test.each([
    '/../tokens',
    '/%2e%2e/tokens',
    '/..%2ftokens',
    '/_app/../../tokens',
    '/..\\tokens',
    '//tokens',
    '/sw.js%00',
  ])('never leaves its folder: %s', async (path) => {
    const reply = await rawHttp(app.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect([400, 403, 404]).toContain(reply.status)
    expect(reply.body).not.toContain('scrypt')
    expect(JSON.parse(reply.body)).toHaveProperty('request_id')
  })
})

describe('a UI that was not built', () => {
  let app: TestApp
  beforeEach(async () => {
    app = await startTestApp('loopback')
    return () => app.stop()
  })

  test('is told in a sentence, while the API works', async () => {
    const response = await fetch(app.url, { headers: { accept: 'text/html' } })
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm start')])
    expect((await fetch(`${app.url}/api/things`)).status).toBe(200)
  })

  test('is served once it is there, and its new pages have their new policy', async () => {
    const other = await mkdtemp(join(tmpdir(), 'breakglass-ui-'))
    await writeFile(join(other, '200.html'), page)
    await symlink(other, app.uiDir)
    const look = async () => (await fetch(app.url, { headers: { accept: 'text/html' } })).headers
    expect((await look()).get('content-security-policy')).toContain('sha256-AbC')
    await writeFile(join(other, '200.html'), page.replace('AbC', 'XyZ'))
    expect((await look()).get('content-security-policy')).toContain('sha256-XyZ')
    await rm(other, { recursive: true })
  })
})

test.each([
  ["script-src 'self' 'unsafe-inline' 'sha256-aa='", "script-src 'self' 'sha256-aa='"],
  ["script-src https://cdn.example 'unsafe-eval' 'strict-dynamic'; img-src *", "script-src 'self'"],
  ["script-src 'unsafe-hashes' 'sha256-aa='", "script-src 'sha256-aa='"],
  ["style-src 'sha512-bb=='; default-src *", "style-src 'sha512-bb=='"],
  ["style-src 'unsafe-inline'; __proto__ x", "style-src 'self'"],
  [
    "style-src-attr 'unsafe-hashes' 'unsafe-inline' 'sha256-cc='",
    "style-src-attr 'unsafe-hashes' 'sha256-cc='",
  ],
])('of the policy a page asks for, only its own hashes are granted: %s', (asked, granted) => {
  const policy = pagePolicy(`<meta http-equiv="content-security-policy" content="${asked}">`)
  expect(policy.split('; ')).toContain(granted)
  expect(policy).not.toMatch(/unsafe-(inline|eval)|\*|example|dynamic|proto/)
  expect(policy).toContain("default-src 'none'")
})
