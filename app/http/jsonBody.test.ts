import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rawHttp } from '../../test/fakes/rawHttp.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'

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
const json = { 'content-type': 'application/json' }

describe('a body', () => {
  const bodies: [
    what: string,
    body: string,
    headers: Record<string, string>,
    status: number,
    detail: RegExp,
  ][] = [
    [
      'with a wrong type',
      '{"note": 5}',
      json,
      400,
      /In the body: note: found a number; allowed: a text of 0 to 10/,
    ],
    [
      'with a number too large',
      '{"times": 9}',
      json,
      400,
      /times: found a number; allowed: a whole number from 1 to 3/,
    ],
    ['that is a list', '[]', json, 400, /found an empty list; allowed: a mapping with note, times/],
    ['that is null', 'null', json, 400, /found null; allowed: a mapping/],
    ['that is no JSON', '{"note": hunter2', json, 400, /^The body is not valid JSON\.$/],
    ['that is too large', JSON.stringify({ x: 'x'.repeat(1024 * 1024) }), json, 413, /1 MiB/],
    [
      'of a form',
      'note=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      /application\/json/,
    ],
    ['of plain text', '{"note":"x"}', { 'content-type': 'text/plain' }, 415, /application\/json/],
    ['that is compressed', 'xx', { ...json, 'content-encoding': 'gzip' }, 415, /not compressed/],
    ['in another character set', '{}', { 'content-type': 'application/json; charset=x-y' }, 415, /UTF-8/],
  ]

  test.each(bodies)(
    '%s is refused with a sentence and changes nothing',
    async (_what, body, headers, status, detail) => {
      const reply = await call('POST', '/api/things/a', body, headers)
      expect(reply.status).toBe(status)
      const told = JSON.parse(reply.text) as { detail: string }
      expect(told.detail).toMatch(detail)
      expect(reply.text).not.toContain('hunter2')
      expect(app.effects).toHaveLength(0)
    },
  )

  test.each([
    ['absent', undefined, {}],
    ['empty and said to be JSON', '', json],
    ['empty and said to be a form', '', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an empty mapping', '{}', json],
    [
      'with the longest text of any route, of three bytes each',
      JSON.stringify({ x: '€'.repeat(100_000) }),
      json,
    ],
    ['with unknown fields', '{"unknown": 1, "__proto__": {"note": "x"}}', json],
  ])('that is %s counts as {}', async (_what, body, headers) => {
    const reply = await call('POST', '/api/things/a', body, headers)
    expect([reply.status, JSON.parse(reply.text)]).toEqual([201, { id: 'a', note: null }])
  })

  test('in pieces that are empty counts as {}', async () => {
    const head = 'POST /api/things/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const reply = await rawHttp(
      app.port,
      `${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`,
    )
    expect(reply.status).toBe(201)
  })

  test('is not read where there is nothing to call', async () => {
    expect((await call('POST', '/api/nothing', '{', json)).status).toBe(404)
    expect((await call('POST', '/api/things', '{', json)).status).toBe(405)
  })
})
