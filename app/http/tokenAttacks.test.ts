import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendLines } from '../../test/fakes/sendLines.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp('token')
})
afterAll(() => app.stop())

/** `code` is empty where the answer has no body. */
type Attack = [what: string, requestLine: string, headers: string[], status: number, code: string]

const post = 'POST /api/things/a'
const right = 'Authorization: Bearer {token}'
const wrongSecret = `Authorization: Bearer bg_{id}_${'A'.repeat(43)}`

const attacks: Attack[] = [
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
  [
    'another address by header',
    'GET /page',
    ['X-Original-URL: /api/things', 'Accept: */*'],
    404,
    'not_found',
  ],
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

const welcome: [what: string, headers: string[]][] = [
  ['a right token', [right]],
  ['a right token, scheme in small letters', ['Authorization: bearer {token}']],
  ['a right token under any Host', [right, 'Host: console.example']],
  ['a right token from another site', [right, 'Sec-Fetch-Site: cross-site', 'Origin: https://other.example']],
  ['a right token with a cookie', [right, 'Cookie: a=b']],
  ['a right token behind a proxy', [right, 'X-Forwarded-For: 203.0.113.9']],
]

test.each(welcome)('let in: %s', async (_what, headers) => {
  const before = app.effects.length
  const reply = await sendLines(app, post, headers, '{"note":"x"}')
  expect(reply.status).toBe(201)
  expect(app.effects.slice(before)).toMatchObject([
    { name: 'operator-one', source: 'token', role: 'operator' },
  ])
})
