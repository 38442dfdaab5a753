import { expect, test } from 'vitest'
import type { Answer, Piece, Tokens } from './Answer.ts'
import { readOpenAi } from './readOpenAi.ts'

type Delta = Record<string, unknown>
const chunk = (delta: Delta, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
})
const call = (fields: Record<string, unknown>) => ({ tool_calls: [fields] })

async function* stream(chunks: unknown[], breaks = false) {
  yield* chunks
  if (breaks) throw new TypeError('terminated')
}

async function read(
  chunks: unknown[],
  breaks = false,
): Promise<{ text: string; tokens: Tokens[]; answer: Answer | undefined }> {
  const pieces: Piece[] = []
  for await (const piece of readOpenAi(stream(chunks, breaks))) pieces.push(piece)
  const text = pieces.flatMap((piece) => (piece.type === 'text' ? [piece.text] : [])).join('')
  const tokens = pieces.flatMap((piece) => (piece.type === 'tokens' ? [piece.tokens] : []))
  return {
    text,
    tokens,
    answer: pieces.flatMap((piece) => (piece.type === 'answer' ? [piece.answer] : []))[0],
  }
}

const df = { name: 'shell', input: '{"command":"df"}' }
const free = { name: 'shell', input: '{"command":"free"}' }

test.each<[string, unknown[]]>([
  [
    'OpenAI: by index, in pieces, interleaved',
    [
      chunk({ role: 'assistant', content: null }),
      chunk(call({ index: 0, id: 'a', type: 'function', function: { name: 'shell', arguments: '' } })),
      chunk(call({ index: 0, function: { arguments: '{"command":' } })),
      chunk(call({ index: 1, id: 'b', type: 'function', function: { name: 'shell', arguments: '{"comm' } })),
      chunk(call({ index: 0, function: { arguments: '"df"}' } })),
      chunk(call({ index: 1, function: { arguments: 'and":"free"}' } })),
      chunk({}, 'tool_calls'),
    ],
  ],
  [
    'Ollama: whole, one index for all, finish reason stop',
    [
      chunk(call({ index: 0, id: 'a', function: { name: 'shell', arguments: '{"command":"df"}' } })),
      chunk(call({ index: 0, id: 'b', function: { name: 'shell', arguments: '{"command":"free"}' } })),
      chunk({ content: '' }, 'stop'),
    ],
  ],
  [
    'no id and no index, whole',
    [
      chunk(call({ function: { name: 'shell', arguments: '{"command":"df"}' } })),
      chunk(call({ function: { name: 'shell', arguments: '{"command":"free"}' } }), 'tool_calls'),
    ],
  ],
  [
    'both in one chunk, arguments as objects',
    [
      chunk(
        {
          tool_calls: [
            { index: 0, id: '', function: { name: 'shell', arguments: { command: 'df' } } },
            { index: 1, id: '', function: { name: 'shell', arguments: { command: 'free' } } },
          ],
        },
        'tool_calls',
      ),
    ],
  ],
  [
    'the name again in each piece',
    [
      chunk(call({ index: 0, id: 'a', function: { name: 'shell', arguments: '{"command":' } })),
      chunk(call({ index: 0, id: 'a', function: { name: 'shell', arguments: '"df"}' } })),
      chunk(
        call({ index: 1, id: 'b', function: { name: 'shell', arguments: '{"command":"free"}' } }),
        'tool_calls',
      ),
    ],
  ],
])('calls of %s', async (_, chunks) => {
  const { answer } = await read(chunks)
  expect(answer?.calls).toMatchObject([df, free])
  expect(answer?.stop).toEqual({ type: 'done' })
})

test('reasoning is passed over, refusals are not', async () => {
  const { text, answer } = await read([
    chunk({ reasoning_content: 'hmm', content: null }),
    chunk({ content: 'No' }),
    chunk({ refusal: 'I cannot.' }, 'stop'),
  ])
  expect(text).toBe('No')
  expect(answer?.stop).toEqual({ type: 'refused', why: 'I cannot.' })
})

test('usage: the last one counts, what came from the cache is no input', async () => {
  const usage = { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 64 } }
  const { tokens } = await read([
    { ...chunk({ content: 'a' }), usage: { prompt_tokens: 100, completion_tokens: 1 } },
    chunk({}, 'stop'),
    { choices: [], usage },
  ])
  expect(tokens).toEqual([
    { input: 100, written: 0, cached: 0, output: 1 },
    { input: 36, written: 0, cached: 64, output: 7 },
  ])
})

test('a server that counts nothing has no tokens, not 0', async () => {
  expect((await read([chunk({ content: 'a' }), chunk({}, 'stop')])).tokens).toEqual([])
})

test('without a finish reason there is no answer', async () => {
  expect((await read([chunk({ content: 'a' })])).answer).toBeUndefined()
  await expect(read([chunk({ content: 'a' })], true)).rejects.toThrow('terminated')
})

test('what breaks after the finish reason loses nothing', async () => {
  const { answer } = await read([chunk(call({ index: 0, function: df })), chunk({}, 'tool_calls')], true)
  expect(answer?.stop).toEqual({ type: 'done' })
})

test.each([[{ choices: 'none' }], [{ choices: [{ delta: { content: 7 } }] }], ['words'], [null]])(
  '%j is no chunk',
  async (sent) => {
    await expect(read([sent])).rejects.toThrow()
  },
)

test.each([
  ['length', 'cut'],
  ['content_filter', 'refused'],
  ['abort', 'broken'],
  ['eos', 'unknown'],
])('%s is %s', async (finish, type) => {
  expect((await read([chunk({ content: 'a' }, finish)])).answer?.stop.type).toBe(type)
})
