import { describe, expect, test } from 'vitest'
import { classifyFailure } from './classifyFailure.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { kindDefaults } from './models.ts'
import { retryAfter } from './retryAfter.ts'

const settings: ModelSettings = {
  ...kindDefaults.openai,
  name: 'local',
  kind: 'openai',
  baseUrl: 'http://operator:hunter2@gpu.example:8000/v1',
  apiKey: 'secret-key-of-ours',
}

/** An error in the way both SDKs make them. */
function far(status: number | undefined, message: string, fields: object = {}) {
  return Object.assign(new Error(`${status ?? ''} ${message}`), {
    status,
    error: { message, ...fields },
    headers: new Headers(),
  })
}

test.each<[number | undefined, string, object, string]>([
  [
    400,
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    {},
    'context',
  ],
  [
    400,
    'the request exceeds the available context size, try increasing it',
    { type: 'exceed_context_size_error' },
    'context',
  ],
  [500, 'the request exceeds the available context size. try increasing the context size', {}, 'context'],
  [400, 'input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000', {}, 'context'],
  [400, 'Input is too long for requested model.', {}, 'context'],
  [400, 'Your input exceeds the context window of this model.', {}, 'context'],
  [400, 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length', {}, 'context'],
  [400, 'Too big.', { code: 'context_length_exceeded' }, 'context'],
  [400, "Invalid value for 'context_size'", {}, 'invalid'],
  [400, 'context_length must be a number', {}, 'invalid'],
  [500, 'worker died: cannot allocate a cache for this context length', {}, 'overload'],
  [400, 'Your credit balance is too low to access the API.', {}, 'auth'],
  [402, 'Payment required', {}, 'auth'],
  [429, 'You exceeded your current quota.', { code: 'insufficient_quota' }, 'auth'],
  [429, 'You exceeded your current quota, check your billing details.', { type: 'tokens' }, 'rate_limit'],
  [429, 'Too many input tokens per minute', {}, 'rate_limit'],
  [408, 'Timeout', {}, 'overload'],
  [502, '<html>Bad Gateway</html>', {}, 'overload'],
  [503, 'Loading model', {}, 'overload'],
  [422, 'tools: wrong', {}, 'invalid'],
  [undefined, 'Overloaded', { type: 'overloaded_error' }, 'overload'],
  [undefined, 'Slow down', { type: 'rate_limit_error' }, 'rate_limit'],
  [undefined, 'The server had an error', { code: 'server_error' }, 'overload'],
  [undefined, 'Too long', { code: 'context_length_exceeded' }, 'context'],
])('%s %s %j is %s', (status, message, fields, kind) => {
  expect(classifyFailure(far(status, message, fields), settings).kind).toBe(kind)
})

test('Anthropic’s body has its error one level down', () => {
  const error = Object.assign(new Error('529'), {
    status: undefined,
    error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  })
  expect(classifyFailure(error, settings)).toMatchObject({
    kind: 'overload',
    message: expect.stringMatching(/: Overloaded\.$/),
  })
})

test.each([
  ['ECONNREFUSED', /local \(gpt-5\.5 at gpu\.example:8000\) was lost: it refused the connection\.$/],
  ['ENOTFOUND', /its name is unknown/],
  ['CERT_HAS_EXPIRED', /certificate is not accepted \(CERT_HAS_EXPIRED\)/],
  ['UND_ERR_SOCKET', /the connection broke off/],
])('%s is told in words', (code, message) => {
  const error = new TypeError('fetch failed', {
    cause: Object.assign(new Error('at operator:hunter2'), { code }),
  })
  expect(classifyFailure(error, settings)).toMatchObject({
    kind: 'network',
    message: expect.stringMatching(message),
  })
})

test('a message is one short line without a secret', () => {
  const message = `Bad\n\nkey secret-key-of-ours, sk-proj-abcdefgh, Bearer abc.def, http://u:p@x/ ${'x'.repeat(900)}`
  const { message: told } = classifyFailure(far(401, message), settings)
  for (const secret of ['secret-key-of-ours', 'sk-proj', 'abc.def', 'u:p', 'hunter2', '\n'])
    expect(told).not.toContain(secret)
  expect(told.length).toBeLessThan(450)
})

test.each([['a string'], [undefined], [new RangeError('ours')], [{ status: 401 }]])(
  'whatever is thrown, %j too, becomes a failure',
  (thrown) => {
    expect(classifyFailure(thrown, settings)).toMatchObject({ type: 'failure', kind: 'invalid' })
  },
)

describe('retry-after', () => {
  const now = Date.parse('2026-11-21T03:00:00Z')
  const reset = (limit: string, left: string, at: string) => ({
    [`anthropic-ratelimit-${limit}-remaining`]: left,
    [`anthropic-ratelimit-${limit}-reset`]: at,
  })
  test.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '-3' }, 0],
    [{ 'retry-after': 'Sat, 21 Nov 2026 03:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 02:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [reset('requests', '0', '2026-11-21T03:00:20Z'), 20_000],
    [
      {
        ...reset('requests', '9', '2026-11-21T04:00:00Z'),
        ...reset('input-tokens', '0', '2026-11-21T03:00:05Z'),
      },
      5000,
    ],
    [reset('requests', '9', '2026-11-21T04:00:00Z'), undefined],
  ])('%j', (headers, ms) => {
    expect(retryAfter(new Headers(headers), now)).toBe(ms)
  })
})
