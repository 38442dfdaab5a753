import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawHttp } from '../../test/fakes/rawHttp.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'

const apps: Partial<Record<'loopback' | 'token', TestApp>> = {}
beforeAll(async () => {
  apps.loopback = await startTestApp('loopback')
  apps.token = await startTestApp('token')
})
afterAll(async () => {
  await apps.loopback?.stop()
  await apps.token?.stop()
})

function appOf(source: 'loopback' | 'token'): TestApp {
  const app = apps[source]
  if (!app) throw new Error('the app did not start')
  return app
}

/** A Host header unless one is given. `{token}`, `{id}` and `{port}` stand for the real ones. */
async function send(app: TestApp, requestLine: string, headers: string[], body = '') {
  const fill = (text: string) =>
    text
      .replaceAll('{token}', app.token)
      .replaceAll('{id}', app.token.split('_')[1] ?? '')
      .replaceAll('{port}', String(app.port))
  const host = headers.some((one) => /^host:/i.test(one)) ? [] : ['Host: 127.0.0.1:{port}']
  const length =
    body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
  const lines = [`${requestLine} HTTP/1.1`, ...host, ...headers, ...length, 'Connection: close', '', body]
  return await rawHttp(app.port, fill(lines.join('\r\n')))
}

type Attack = [what: string, requestLine: string, headers: string[], status: number, code: string]

const post = 'POST /api/things/a'
const right = 'Authorization: Bearer {token}'
const wrongSecret = `Authorization: Bearer bg_{id}_${'A'.repeat(43)}`

const onTokens: Attack[] = [
  ['no identity', post, [], 401, 'unauthenticated'],
  ['no identity on reading', 'GET /api/things', [], 401, 'unauthenticated'],
  ['no identity on HEAD', 'HEAD /api/things', [], 401, ''],
  ['no identity on an unknown path', 'GET /api/nothing', [], 401, 'unauthenticated'],
  ['no identity on the root of the API', 'GET /api', [], 401, 'unauthenticated'],
  ['no identity with a wrong id', 'POST /api/things/UPPER', [], 401, 'unauthenticated'],
  ['no identity on a stream', 'GET /api/stream', [], 401, 'unauthenticated'],
  ['no identity with an unreadable path', 'GET /api/things/%E0%A4%A', [], 401, 'unauthenticated'],
  ['no identity on another method', 'PUT /api/things', [], 401, 'unauthenticated'],
  ['no identity on OPTIONS', 'OPTIONS /api/things', ['Origin: https://evil.example'], 401, 'unauthenticated'],
  ['no identity on OPTIONS *', 'OPTIONS *', [], 401, 'unauthenticated'],
  ['no identity on TRACE', 'TRACE /api/things', [], 401, 'unauthenticated'],
  ['no identity on a method nobody knows', 'PURGE /api/things', [], 401, 'unauthenticated'],
  ['no identity on POST outside the API', 'POST /', [], 401, 'unauthenticated'],
  ['no identity on POST to an open path', 'POST /healthz', [], 401, 'unauthenticated'],
  ['capitals in the path', 'GET /API/things', [], 401, 'unauthenticated'],
  ['two slashes before the path', 'GET //api/things', [], 401, 'unauthenticated'],
  ['an encoded letter in the path', 'GET /%61pi/things', [], 401, 'unauthenticated'],
  ['an encoded slash before the path', 'GET /%2fapi/things', [], 401, 'unauthenticated'],
  ['a backslash before the path', 'GET /\\api/things', [], 401, 'unauthenticated'],
  ['a parameter in the path', 'GET /api;x=1/things', [], 401, 'unauthenticated'],
  ['the target as a whole address', 'GET http://127.0.0.1/api/things', [], 401, 'unauthenticated'],
  ['the API asked for as a page', 'GET /api/things', ['Accept: text/html'], 401, 'unauthenticated'],
  ['the description without identity', 'GET /api/openapi.json', [], 401, 'unauthenticated'],
  ['a loopback Host does not help', post, ['Host: localhost'], 401, 'unauthenticated'],
  ['a wrong secret for a known id', post, [wrongSecret], 401, 'unauthenticated'],
  [
    'an unknown id',
    post,
    [`Authorization: Bearer bg_0000000000000000_${'A'.repeat(43)}`],
    401,
    'unauthenticated',
  ],
  ['no token at all', post, ['Authorization: Bearer'], 401, 'unauthenticated'],
  ['an empty token', post, ['Authorization: Bearer  '], 401, 'unauthenticated'],
  ['a right token cut off', post, ['Authorization: Bearer bg_{id}_'], 401, 'unauthenticated'],
  ['a right token and more', post, ['Authorization: Bearer {token}A'], 401, 'unauthenticated'],
  [
    'two tokens in one header',
    post,
    ['Authorization: Bearer {token}, Bearer {token}'],
    401,
    'unauthenticated',
  ],
  ['a right token as Basic', post, ['Authorization: Basic {token}'], 401, 'unauthenticated'],
  ['a right token with no scheme', post, ['Authorization: {token}'], 401, 'unauthenticated'],
  ['a right token in the query', 'POST /api/things/a?access_token={token}', [], 401, 'unauthenticated'],
  ['a right token as a cookie', post, ['Cookie: token={token}'], 401, 'unauthenticated'],
  ['a right token in a header of another name', post, ['X-Auth-Token: {token}'], 401, 'unauthenticated'],
  ['a right token for a proxy', post, ['Proxy-Authorization: Bearer {token}'], 401, 'unauthenticated'],
  [
    'a user name from a proxy that is not set up',
    post,
    ['X-authentik-username: akadmin'],
    401,
    'unauthenticated',
  ],
  [
    'a signed name from a proxy that is not set up',
    post,
    ['X-authentik-jwt: e30.e30.'],
    401,
    'unauthenticated',
  ],
  ['Remote-User', post, ['Remote-User: root'], 401, 'unauthenticated'],
  ['X-Forwarded-User', post, ['X-Forwarded-User: root'], 401, 'unauthenticated'],
  ['another method by header', 'GET /api/things', ['X-HTTP-Method-Override: POST'], 401, 'unauthenticated'],
  ['another address by header', 'GET /', ['X-Original-URL: /api/things', 'Accept: */*'], 404, 'not_found'],
  ['two right tokens', post, [right, right], 400, 'malformed_identity'],
  ['a right token after a wrong one', post, [wrongSecret, right], 400, 'malformed_identity'],
  ['Basic beside a right token', post, ['Authorization: Basic eDp5', right], 400, 'malformed_identity'],
  ['two Hosts', post, ['Host: a', 'Host: b', right], 400, 'malformed_identity'],
  ['underscores for dashes', post, ['X_authentik_jwt: x', right], 400, 'malformed_identity'],
  ['dots for dashes', post, ['X.authentik.username: x', right], 400, 'malformed_identity'],
  ['one underscore', 'GET /api/things', ['X-authentik_groups: x'], 400, 'malformed_identity'],
  ['a signed name twice', post, ['X-authentik-jwt: a', 'x-AUTHENTIK-jwt: b'], 400, 'malformed_identity'],
  ['malformed on an unknown path', 'GET /api/nothing', ['X_authentik_jwt: x'], 400, 'malformed_identity'],
  ['malformed on an open path', 'GET /healthz', ['X_authentik_jwt: x'], 400, 'malformed_identity'],
]

const onLoopback: Attack[] = [
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

describe.each([
  ['token', onTokens],
  ['loopback', onLoopback],
] as const)('with identity by %s', (source, attacks) => {
  test.each(attacks)('%s', async (_what, requestLine, headers, status, code) => {
    const app = appOf(source)
    const before = app.effects.length
    const reply = await send(app, requestLine, headers)
    expect(reply.status).toBe(status)
    if (code !== '')
      expect(JSON.parse(reply.body)).toMatchObject({ code, detail: expect.any(String) as string })
    expect(app.effects.length).toBe(before)
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    expect(reply.body).not.toContain(app.token)
  })
})

const welcome: [what: string, source: 'loopback' | 'token', headers: string[]][] = [
  ['a right token', 'token', [right]],
  ['a right token, scheme in small letters', 'token', ['Authorization: bearer {token}']],
  ['a right token under any Host', 'token', [right, 'Host: console.example']],
  [
    'a right token from another site',
    'token',
    [right, 'Sec-Fetch-Site: cross-site', 'Origin: https://other.example'],
  ],
  ['a right token with a cookie', 'token', [right, 'Cookie: a=b']],
  ['a right token behind a proxy', 'token', [right, 'X-Forwarded-For: 203.0.113.9']],
  ['a script on this machine', 'loopback', []],
  ['by the name localhost', 'loopback', ['Host: localhost:{port}']],
  ['by IPv6', 'loopback', ['Host: [::1]:{port}']],
  ['by another loopback address', 'loopback', ['Host: 127.8.9.10']],
  ['our own page', 'loopback', ['Sec-Fetch-Site: same-origin', 'Cookie: a=b']],
  ['an address typed by hand', 'loopback', ['Sec-Fetch-Site: none']],
  ['our own page in an old browser', 'loopback', ['Origin: http://127.0.0.1:{port}', 'Cookie: a=b']],
  ['our own page behind TLS', 'loopback', ['Host: localhost:443', 'Origin: https://localhost']],
  ['Basic, which a proxy may add', 'loopback', ['Authorization: Basic eDp5']],
]

test.each(welcome)('lets in: %s', async (_what, source, headers) => {
  const app = appOf(source)
  const before = app.effects.length
  const reply = await send(app, post, headers, '{"note":"x"}')
  expect(reply.status).toBe(201)
  expect(app.effects.slice(before)).toEqual([
    { name: source === 'token' ? 'operator-one' : 'loopback', source, role: 'operator' },
  ])
})
