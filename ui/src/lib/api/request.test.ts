import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApi } from './Api.ts'
import { isMissing, request, type RequestHooks } from './request.ts'

let hooks: RequestHooks & { fetch: ReturnType<typeof vi.fn<typeof fetch>> }

beforeEach(() => {
  hooks = { fetch: vi.fn<typeof fetch>(), onReached: vi.fn(), onUnreached: vi.fn(), onSignedOut: vi.fn() }
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})
afterEach(() => vi.restoreAllMocks())

const answer = (status: number, body: unknown): void => {
  hooks.fetch.mockResolvedValue(new Response(JSON.stringify(body), { status }))
}

test('an answer is its value, and the server was reached', async () => {
  answer(200, [{ id: 'triage' }])
  expect(await request(hooks, '/api/presets')).toEqual({ ok: true, value: [{ id: 'triage' }], status: 200 })
  expect(hooks.onReached).toHaveBeenCalledOnce()
})

test('no request follows a redirect or is answered from a cache', async () => {
  answer(200, {})
  await request(hooks, '/api/presets')
  expect(hooks.fetch.mock.lastCall?.[1]).toMatchObject({ redirect: 'manual', cache: 'no-store' })
})

test('a refusal carries the sentence, the code and every field of the body', async () => {
  answer(409, { detail: 'Decided.', code: 'decided', request_id: 'r1', by: 'anna' })
  expect(await request(hooks, '/x')).toEqual({
    ok: false,
    failure: {
      kind: 'refused',
      status: 409,
      code: 'decided',
      detail: 'Decided.',
      requestId: 'r1',
      fields: { detail: 'Decided.', code: 'decided', request_id: 'r1', by: 'anna' },
    },
  })
})

test("a proxy's error page is a refusal that says its status", async () => {
  hooks.fetch.mockResolvedValue(new Response('<html>Bad gateway</html>', { status: 502 }))
  const got = await request(hooks, '/x')
  expect(got).toMatchObject({
    ok: false,
    failure: { kind: 'refused', status: 502, code: 'unreadable_answer' },
  })
})

test('a success that is not JSON is no success', async () => {
  hooks.fetch.mockResolvedValue(new Response('<html>Sign in</html>', { status: 200 }))
  expect(await request(hooks, '/x')).toMatchObject({ ok: false })
})

test.each([
  ['401', new Response('{}', { status: 401 })],
  // What a browser shows of a redirect that is not followed; it cannot be constructed.
  [
    'a redirect',
    { type: 'opaqueredirect', status: 0, ok: false, text: () => Promise.resolve('') } as Response,
  ],
])('%s is signed out', async (_, response) => {
  hooks.fetch.mockResolvedValue(response)
  expect(await request(hooks, '/x')).toMatchObject({ ok: false, failure: { kind: 'signed_out' } })
  expect(hooks.onSignedOut).toHaveBeenCalledOnce()
  expect(hooks.onReached).not.toHaveBeenCalled()
})

test('no answer is offline, and never thrown', async () => {
  hooks.fetch.mockRejectedValue(new TypeError('Failed to fetch'))
  expect(await request(hooks, '/x')).toMatchObject({ ok: false, failure: { kind: 'offline' } })
  expect(hooks.onUnreached).toHaveBeenCalledOnce()
})

test('a request that its caller gives up says nothing of the connection', async () => {
  const given = new AbortController()
  hooks.fetch.mockImplementation((_, init) => {
    given.abort()
    return Promise.reject(init?.signal?.reason as Error)
  })
  await request(hooks, '/x', { signal: given.signal })
  expect(hooks.onUnreached).not.toHaveBeenCalled()
})

test('a request ends after its time, and slow is not offline', async () => {
  hooks.fetch.mockImplementation(
    (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
      }),
  )
  const got = await request(hooks, '/x', { timeoutMs: 5 })
  expect(got).toMatchObject({ failure: { kind: 'offline', detail: 'The server did not answer in time.' } })
  expect(hooks.onUnreached).not.toHaveBeenCalled()
})

test.each([
  ["the server's own", JSON.stringify({ detail: 'No.', code: 'not_found', request_id: 'r' }), true],
  ["a proxy's", '<html>Not found</html>', false],
  ['another JSON', JSON.stringify({ error: 'no route' }), false],
])('a 404 is believed when it is %s', async (_, body, missing) => {
  hooks.fetch.mockResolvedValue(new Response(body, { status: 404 }))
  const got = await request(hooks, '/x')
  expect(!got.ok && isMissing(got.failure)).toBe(missing)
})

test('the console hears of a failed request without its content', async () => {
  answer(400, { detail: 'The password hunter2 is wrong.', code: 'bad_request', request_id: 'r9' })
  await request(hooks, '/x', { method: 'POST', body: { prompt: 'hunter2' } })
  const said = vi.mocked(console.warn).mock.calls.flat().join('\n')
  expect(said).toContain('/x answered 400 bad_request r9')
  expect(said).not.toContain('hunter2')
})

test.each([200, 502, 409])("a verb's own body is an answer with status %i", async (status) => {
  const body = { verb: 'cycle', exit_code: null, outcome: 'unknown', op: 'a'.repeat(32) }
  answer(status, body)
  expect(await createApi(hooks).runVerb('demo', 'cycle', 'a'.repeat(32))).toEqual({
    ok: true,
    value: body,
    status,
  })
})

test('names are written into paths safely', async () => {
  answer(200, {})
  await createApi(hooks).runVerb('a/../b?', 'status', 'f'.repeat(32))
  expect(hooks.fetch.mock.lastCall?.[0]).toBe('/api/vms/a%2F..%2Fb%3F/status')
})
