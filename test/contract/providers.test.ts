import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Part, StepRequest } from '#app/provider/Provider.ts'
import { callsOf, collectStep, makeProvider, stepRequest, wordsOf } from '../fakes/collectStep.ts'
import {
  modelServer,
  sayCalls,
  sayError,
  sayText,
  type Kind,
  type ModelServer,
  type Said,
} from '../fakes/modelServer.ts'

let server: ModelServer
beforeEach(async () => {
  server = await modelServer()
})
afterEach(() => server.stop())

const kinds: Kind[] = ['anthropic', 'openai']
const step = (kind: Kind, over?: Partial<StepRequest>, settings?: Parameters<typeof makeProvider>[2]) =>
  collectStep(makeProvider(server, kind, settings), over)

const notices = (parts: Part[]) => parts.flatMap((part) => (part.type === 'notice' ? [part.text] : []))
const usage = { input_tokens: 1000, output_tokens: 20, prompt_tokens: 1000, completion_tokens: 20 }

describe.each(kinds)('%s', (kind) => {
  test('text comes in pieces, then what it cost, then the end', async () => {
    server.say({ response: { content: 'The disk is full.', usage }, chunkSize: 4 })
    const parts = await step(kind, {}, { price: { input: 3, output: 15, cached: 0.3, cacheWrite: 3.75 } })
    expect(wordsOf(parts)).toBe('The disk is full.')
    expect(parts.filter(({ type }) => type === 'text').length).toBeGreaterThan(3)
    expect(parts.slice(-2)).toEqual([
      {
        type: 'usage',
        provider: `test-${kind}`,
        model: server.settings(kind).model,
        input_tokens: 1000,
        output_tokens: 20,
        cached_tokens: 0,
        cost: (1000 * 3 + 20 * 15) / 1e6,
      },
      { type: 'end', reason: 'stop' },
    ])
  })

  test('without a price the cost is absent, not nothing', async () => {
    server.say({ response: { content: 'Yes.', usage } })
    expect((await step(kind)).find(({ type }) => type === 'usage')).not.toHaveProperty('cost')
  })

  test('two calls of one answer get ids of our own and their whole input', async () => {
    const first = { name: 'shell', input: { command: 'df -h' } }
    const second = { name: 'power', input: { verb: 'status', vm: 'dev' } }
    server.say(sayCalls([first, second], { content: 'I look.', chunkSize: 3 }))
    const parts = await step(kind)
    expect(wordsOf(parts)).toBe('I look.')
    expect(callsOf(parts)).toMatchObject([first, second])
    expect(new Set(callsOf(parts).map(({ call }) => call)).size).toBe(2)
    for (const { call } of callsOf(parts)) expect(call).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'tools' })
  })

  const failures: [string, Said, Partial<Part>, RegExp][] = [
    [
      '429 with retry-after',
      sayError(429, 'Slow down.', { retryAfter: 7 }),
      { kind: 'rate_limit', retryAfterMs: 7000 },
      /wants fewer requests \(HTTP 429\): Slow down\.$/,
    ],
    ['529', sayError(529, 'Overloaded', { type: 'overloaded_error' }), { kind: 'overload' }, /HTTP 529/],
    ['500', sayError(500, 'Internal'), { kind: 'overload' }, /HTTP 500/],
    [
      '401',
      sayError(401, 'Incorrect API key provided: sk-test-0123456789abcdef'),
      { kind: 'auth' },
      /refused the key or the account \(HTTP 401\): .*\[hidden\]\.$/,
    ],
    ['403', sayError(403, 'No.'), { kind: 'auth' }, /HTTP 403/],
    ['404', sayError(404, 'not found'), { kind: 'invalid' }, /does not know the model (claude|gpt)-/],
    [
      '400',
      sayError(400, 'messages.0: wrong', { type: 'invalid_request_error' }),
      { kind: 'invalid' },
      /messages\.0: wrong/,
    ],
    [
      '400 for a long prompt',
      sayError(400, 'prompt is too long: 210000 tokens > 200000 maximum'),
      { kind: 'context' },
      /conversation too long/,
    ],
    [
      '400 with the code for it',
      sayError(400, 'Too big.', { code: 'context_length_exceeded', type: 'context_length_exceeded' }),
      { kind: 'context' },
      /conversation too long/,
    ],
    ['413', sayError(413, 'Request exceeds the maximum size'), { kind: 'context' }, /HTTP 413/],
    [
      'a body that is no stream',
      { response: { content: 'never' }, chaos: { malformedRate: 1 } },
      { kind: 'network' },
      /broke off before its answer was finished/,
    ],
    [
      'a connection that breaks at once',
      { response: { content: 'never' }, chaos: { disconnectRate: 1 } },
      { kind: 'network' },
      /the connection broke off/,
    ],
  ]
  test.each(failures)('%s', async (_, said, failure, message) => {
    server.say(said)
    const before = server.requests().length
    const [part, ...more] = await step(kind)
    expect(more).toEqual([])
    expect(part).toMatchObject({ type: 'failure', message: expect.stringMatching(message), ...failure })
    expect(JSON.stringify(part)).not.toContain('sk-test')
    expect(server.requests().length - before, 'nothing is retried here').toBe(1)
  })

  const sentence = 'The filesystem on this machine is full.'
  const broken: [string, Said, string][] = [
    [
      'truncated in mid-word by the mock',
      sayText(sentence, { chunkSize: 6, truncateAfterChunks: 4 }),
      'network',
    ],
    ['broken off in mid-word', sayText(sentence, { chunkSize: 6, wire: { breakAfter: 'lesy' } }), 'network'],
    [
      'with a chunk that is no JSON',
      sayText(sentence, { chunkSize: 6, wire: { replace: ['"lesyst"', '"lesyst'] } }),
      'invalid',
    ],
    [
      'with a chunk of another shape',
      sayText(sentence, { chunkSize: 6, wire: { replace: ['"lesyst"', '[1]'] } }),
      'invalid',
    ],
    [
      'with an error in mid-stream',
      sayText(sentence, {
        chunkSize: 6,
        wire: {
          replace: [
            'data: {',
            'event: error\ndata: {"error":{"type":"overloaded_error","message":"Overloaded"}}\n\ndata: {',
          ],
        },
      }),
      'overload',
    ],
  ]
  test.each(broken)('an answer %s', async (_, said, failure) => {
    server.say(said)
    const parts = await step(kind)
    expect(sentence.startsWith(wordsOf(parts))).toBe(true)
    expect(parts.at(-1)).toMatchObject({ type: 'failure', kind: failure })
  })

  test('a disconnect in mid-tool-call lets no call out, not even the one before it', async () => {
    server.say(
      sayCalls(
        [
          { name: 'shell', input: { command: 'df -h' } },
          { name: 'shell', input: { command: 'rm -rf /var/cache' } },
        ],
        { content: 'I clean up.', chunkSize: 4, wire: { breakAfter: 'rm -' } },
      ),
    )
    const parts = await step(kind)
    expect(wordsOf(parts)).toBe('I clean up.')
    expect(callsOf(parts)).toEqual([])
    expect(parts.at(-1)).toMatchObject({ type: 'failure', kind: 'network' })
  })

  test.each([
    ['before the first byte', sayText('Never.', { latency: 60_000 }), ''],
    ['in mid-answer', sayText(sentence, { chunkSize: 6, wire: { holdAfter: 'lesy' } }), 'The filesy'],
  ])('a server that falls silent %s is given up', async (_, said, told) => {
    server.say(said)
    const parts = await step(kind, {}, { silenceMs: 300 })
    expect(told.startsWith(wordsOf(parts))).toBe(true)
    expect(parts.at(-1)).toMatchObject({
      type: 'failure',
      kind: 'network',
      message: expect.stringMatching(/said nothing for 0\.3 s\.$/),
    })
    server.release()
  })

  test('slow tokens are no silence', async () => {
    // All together they take longer than the silence that is allowed; a piece may come seconds late on a busy machine.
    server.say(sayText('0123456789', { chunkSize: 1, latency: 550 }))
    expect(wordsOf(await step(kind, {}, { silenceMs: 5000 }))).toBe('0123456789')
  })

  test.each([
    ['before the first byte', sayText('Never.', { latency: 60_000 }), () => server.requested(1)],
    ['in mid-stream', sayText(sentence, { chunkSize: 6, wire: { holdAfter: 'lesy' } }), () => server.held(1)],
  ])('a cancel %s ends the step and the request at once', async (_, said, begun) => {
    server.say(said)
    const cancel = new AbortController()
    const ready = begun()
    const running = step(kind, { signal: cancel.signal })
    await ready
    cancel.abort()
    // The server says nothing more: only the cancel can end it.
    expect((await running).at(-1)).toMatchObject({ type: 'failure', kind: 'cancelled' })
    await server.abandoned(1)
  })

  test('a step that is cancelled already asks nobody', async () => {
    const before = server.requests().length
    expect(await step(kind, { signal: AbortSignal.abort() })).toMatchObject([
      { type: 'failure', kind: 'cancelled' },
    ])
    expect(server.requests().length).toBe(before)
  })

  test('a turn that stops reading ends the request', async () => {
    server.say(sayText(sentence, { chunkSize: 6, wire: { holdAfter: 'lesy' } }))
    const gone = server.abandoned(1)
    for await (const part of makeProvider(server, kind).step(stepRequest())) if (part.type === 'text') break
    await gone
  })

  test('nobody at the address', async () => {
    const [part] = await step(kind, {}, { baseUrl: 'http://operator:hunter2@127.0.0.1:9' })
    expect(part).toMatchObject({ type: 'failure', kind: 'network' })
    expect(JSON.stringify(part)).not.toContain('hunter2')
    const [refused] = await step(kind, {}, { baseUrl: 'http://127.0.0.1:9' })
    expect(refused).toMatchObject({ kind: 'network', message: expect.stringContaining('127.0.0.1:9') })
  })

  test('an answer that was cut at its limit says so', async () => {
    server.say({ response: { content: 'It goes on and', finishReason: 'length' } })
    const parts = await step(kind)
    expect(notices(parts)).toContainEqual(expect.stringContaining('cut at the limit of'))
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop' })
  })

  test('a refusal is an error that says so, and its calls do not run', async () => {
    const finishReason = kind === 'anthropic' ? 'refusal' : 'content_filter'
    server.say({ response: { toolCalls: [{ name: 'shell', arguments: '{}' }], finishReason } })
    const parts = await step(kind)
    expect(callsOf(parts)).toEqual([])
    expect(notices(parts).join()).toContain('refused to answer')
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop', isError: true })
  })

  test('thinking is not told', async () => {
    server.say({ response: { content: 'Yes.', reasoning: 'Let me think about it.' } })
    expect(wordsOf(await step(kind))).toBe('Yes.')
  })
})

describe('Anthropic counts at the start of an answer what it has read, and', () => {
  const said = (wire: Said['wire']): Said => ({
    response: { content: 'The filesystem is full.', usage },
    chunkSize: 6,
    ...(wire && { wire }),
  })
  const paid = { type: 'usage', input_tokens: 1000 }

  test('an answer that breaks off is paid', async () => {
    server.say(said({ breakAfter: 'lesy' }))
    expect((await step('anthropic')).slice(-2)).toMatchObject([paid, { type: 'failure', kind: 'network' }])
  })

  test('so is one that falls silent', async () => {
    server.say(said({ holdAfter: 'lesy' }))
    const parts = await step('anthropic', {}, { silenceMs: 3000 })
    expect(parts.slice(-2)).toMatchObject([paid, { type: 'failure', kind: 'network' }])
  })

  test('so is one that is cancelled', async () => {
    server.say(said({ holdAfter: 'lesy' }))
    const cancel = new AbortController()
    const parts: Part[] = []
    for await (const part of makeProvider(server, 'anthropic').step(stepRequest({ signal: cancel.signal }))) {
      parts.push(part)
      if (wordsOf(parts) !== '') cancel.abort()
    }
    expect(parts.slice(-2)).toMatchObject([paid, { type: 'failure', kind: 'cancelled' }])
  })
})
