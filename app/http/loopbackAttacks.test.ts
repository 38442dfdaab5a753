import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendLines } from '../../test/fakes/sendLines.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp('loopback')
})
afterAll(() => app.stop())

/** `code` is empty where the answer has no body. */
type Attack = [what: string, requestLine: string, headers: string[], status: number, code: string]

const post = 'POST /api/things/a'

const attacks: Attack[] = [
  ['a foreign Host (DNS rebinding)', post, ['Host: evil.example'], 401, 'unauthenticated'],
  ['a foreign Host on reading', 'GET /api/things', ['Host: evil.example:{port}'], 401, 'unauthenticated'],
  ['a foreign Host on an unknown path', 'GET /api/nothing', ['Host: evil.example'], 401, 'unauthenticated'],
  ['a Host that begins like loopback', post, ['Host: 127.0.0.1.evil.example'], 401, 'unauthenticated'],
  ['a Host that begins like localhost', post, ['Host: localhost.evil.example'], 401, 'unauthenticated'],
  ['a Host that ends like localhost', post, ['Host: evil.localhost'], 401, 'unauthenticated'],
  ['a Host with a user in it', post, ['Host: localhost@evil.example'], 401, 'unauthenticated'],
  ['a Host with a path in it', post, ['Host: localhost/evil.example'], 401, 'unauthenticated'],
  ['a Host that is a number', post, ['Host: 2130706433'], 401, 'unauthenticated'],
  ['a Host that is all addresses', post, ['Host: 0.0.0.0:{port}'], 401, 'unauthenticated'],
  ['a Host on the private network', post, ['Host: 192.168.1.10'], 401, 'unauthenticated'],
  ['a Host of two names', post, ['Host: localhost, evil.example'], 401, 'unauthenticated'],
  ['an empty Host', post, ['Host:'], 401, 'unauthenticated'],
  [
    'a foreign Host beside a loopback address',
    'GET http://localhost/api/things',
    ['Host: evil'],
    401,
    'unauthenticated',
  ],
  ['two Hosts', post, ['Host: localhost', 'Host: evil.example'], 400, 'malformed_identity'],
  [
    'a right Host named by a header that proxies set',
    post,
    ['Host: e', 'X-Forwarded-Host: localhost'],
    401,
    'unauthenticated',
  ],
  ['a request through a proxy', post, ['X-Forwarded-For: 203.0.113.9'], 401, 'unauthenticated'],
  [
    'a request through a proxy, by the standard',
    post,
    ['Forwarded: for=203.0.113.9'],
    401,
    'unauthenticated',
  ],
  ['a token that nobody can verify', post, ['Authorization: Bearer {token}'], 401, 'unauthenticated'],
  ['a form of another site', post, ['Sec-Fetch-Site: cross-site'], 403, 'cross_site'],
  ['a form of a sister site', post, ['Sec-Fetch-Site: same-site'], 403, 'cross_site'],
  ['a form of another port of localhost', post, ['Origin: http://localhost:1'], 403, 'cross_site'],
  ['DELETE of another site', 'DELETE /api/things/a', ['Sec-Fetch-Site: cross-site'], 403, 'cross_site'],
  ['another site on an unknown path', 'POST /api/nothing', ['Sec-Fetch-Site: cross-site'], 403, 'cross_site'],
  [
    'another site with an unreadable id',
    'POST /api/things/A',
    ['Sec-Fetch-Site: cross-site'],
    403,
    'cross_site',
  ],
  [
    'two Sec-Fetch-Site',
    post,
    ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
    403,
    'cross_site',
  ],
  ['an empty Sec-Fetch-Site', post, ['Sec-Fetch-Site:'], 403, 'cross_site'],
  [
    'a wrong Sec-Fetch-Site beside a right Origin',
    post,
    ['Sec-Fetch-Site: x', 'Origin: http://127.0.0.1:{port}'],
    403,
    'cross_site',
  ],
  ['a foreign Origin', post, ['Origin: https://evil.example'], 403, 'cross_site'],
  ['Origin null', post, ['Origin: null'], 403, 'cross_site'],
  ['an empty Origin', post, ['Origin:'], 403, 'cross_site'],
  [
    'an Origin with ours as a user',
    post,
    ['Origin: http://127.0.0.1:{port}@evil.example'],
    403,
    'cross_site',
  ],
  [
    'an Origin that begins like ours',
    post,
    ['Origin: http://127.0.0.1:{port}.evil.example'],
    403,
    'cross_site',
  ],
  ['an Origin of another scheme', post, ['Origin: file://127.0.0.1:{port}'], 403, 'cross_site'],
  ['an Origin without our port', post, ['Origin: http://127.0.0.1'], 403, 'cross_site'],
  [
    'two Origins',
    post,
    ['Origin: http://127.0.0.1:{port}', 'Origin: https://evil.example'],
    403,
    'cross_site',
  ],
  ['a cookie with no word of where it came from', post, ['Cookie: a=b'], 403, 'cross_site'],
  ['POST hidden in GET', 'GET /api/things/a', ['X-HTTP-Method-Override: POST'], 405, 'method_not_allowed'],
  [
    'a preflight of another site',
    'OPTIONS /api/things',
    ['Origin: https://evil.example'],
    405,
    'method_not_allowed',
  ],
  ['HEAD on a stream', 'HEAD /api/stream', [], 405, ''],
  ['capitals in the path', 'POST /API/things/a', [], 404, 'not_found'],
  ['an encoded letter in the path', 'POST /%61pi/things/a', [], 404, 'not_found'],
]

test.each(attacks)('refused: %s', async (_what, requestLine, headers, status, code) => {
  const before = app.effects.length
  const reply = await sendLines(app, requestLine, headers)
  expect(reply.status).toBe(status)
  if (code !== '')
    expect(JSON.parse(reply.body)).toMatchObject({ code, detail: expect.any(String) as string })
  expect(app.effects.length).toBe(before)
  expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  expect(reply.body).not.toContain(app.token)
})

test('the refusal names no port where the system chose it', async () => {
  const reply = await sendLines(app, post, ['Host: evil.example'])
  expect(JSON.parse(reply.body)).toMatchObject({
    detail: 'Without a token only this machine itself may come in, at its loopback address.',
  })
})

const welcome: [what: string, headers: string[]][] = [
  ['a script on this machine', []],
  ['by the name localhost', ['Host: localhost:{port}']],
  ['by IPv6', ['Host: [::1]:{port}']],
  ['by another loopback address', ['Host: 127.8.9.10']],
  ['our own page', ['Sec-Fetch-Site: same-origin', 'Cookie: a=b']],
  ['an address typed by hand', ['Sec-Fetch-Site: none']],
  ['our own page in an old browser', ['Origin: http://127.0.0.1:{port}', 'Cookie: a=b']],
  ['our own page behind TLS', ['Host: localhost:443', 'Origin: https://localhost']],
  ['Basic, which a proxy may add', ['Authorization: Basic eDp5']],
]

test.each(welcome)('let in: %s', async (_what, headers) => {
  const before = app.effects.length
  const reply = await sendLines(app, post, headers, '{"note":"x"}')
  expect(reply.status).toBe(201)
  expect(app.effects.slice(before)).toEqual([{ name: 'loopback', source: 'loopback', role: 'operator' }])
})
