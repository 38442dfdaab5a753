import { expect, test } from 'vitest'
import type { Piece } from './Answer.ts'
import { readAnthropic } from './readAnthropic.ts'

async function read(events: unknown[], breaks = false): Promise<Piece[]> {
  const stream = async function* () {
    yield* events
    if (breaks) throw new TypeError('terminated')
  }
  const pieces: Piece[] = []
  for await (const piece of readAnthropic(stream())) pieces.push(piece)
  return pieces
}

const start = {
  type: 'message_start',
  message: {
    usage: {
      input_tokens: 10,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 3000,
      output_tokens: 1,
    },
  },
}
const end = (stop_reason: string, more: object = {}) => ({
  type: 'message_delta',
  delta: { stop_reason, ...more },
  usage: { output_tokens: 42, input_tokens: null },
})

const counted = (output: number): Piece => ({
  type: 'tokens',
  tokens: { input: 10, written: 200, cached: 3000, output },
})

test('what went into the cache and what came from it is counted apart, output is what came last', async () => {
  expect(await read([start, end('end_turn'), { type: 'message_stop' }])).toEqual([
    counted(1),
    counted(42),
    { type: 'answer', answer: { stop: { type: 'done' }, calls: [] } },
  ])
})

test('thinking, server tools, pings and what is new are passed over', async () => {
  const pieces = await read([
    start,
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hmm' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'ping' },
    { type: 'something_new', index: 'x' },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: 'Y' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'es' } },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', name: 'shell', input: { command: 'df' } },
    },
    end('tool_use'),
  ])
  expect(pieces.slice(0, -1)).toEqual([
    counted(1),
    { type: 'text', text: 'Y' },
    { type: 'text', text: 'es' },
    counted(42),
  ])
  expect(pieces.at(-1)).toMatchObject({ answer: { calls: [{ name: 'shell', input: '{"command":"df"}' }] } })
})

test.each([
  ['end_turn', { type: 'done' }],
  ['stop_sequence', { type: 'done' }],
  ['max_tokens', { type: 'cut' }],
  ['model_context_window_exceeded', { type: 'full' }],
  ['refusal', { type: 'refused', why: 'Harmful.' }],
  ['pause_turn', { type: 'unknown', word: 'pause_turn' }],
])('%s', async (reason, stop) => {
  const pieces = await read([start, end(reason, { stop_details: { explanation: 'Harmful.' } })])
  expect(pieces.at(-1)).toMatchObject({ answer: { stop } })
})

test('without a stop reason there is no answer, only counts; what breaks after it loses nothing', async () => {
  expect(await read([start])).toEqual([counted(1)])
  await expect(read([start], true)).rejects.toThrow('terminated')
  expect((await read([start, end('end_turn')], true)).at(-1)).toMatchObject({ type: 'answer' })
})

test('a known event of another shape is no answer', async () => {
  await expect(read([{ type: 'content_block_delta', index: 0 }])).rejects.toThrow()
  await expect(read(['words'])).rejects.toThrow()
})
