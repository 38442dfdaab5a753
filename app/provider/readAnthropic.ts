import { z } from 'zod'
import { MalformedAnswer, type Piece, type RawCall, type Stop } from './Answer.ts'

const count = z.int().nonnegative().nullish()
const usage = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
})
const index = z.int()
/** What is read of a stream; other events, blocks and deltas (thinking, citations, signatures) are passed over. */
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ usage: usage.nullish() }) }),
  z.object({
    type: z.literal('content_block_start'),
    index,
    content_block: z.object({
      type: z.string(),
      text: z.string().optional(),
      name: z.string().optional(),
      input: z.unknown().optional(),
    }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    index,
    delta: z.object({ type: z.string(), text: z.string().optional(), partial_json: z.string().optional() }),
  }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({
      stop_reason: z.string().nullish(),
      stop_details: z.object({ explanation: z.string().nullish() }).nullish().catch(undefined),
    }),
    usage: usage.nullish(),
  }),
])
const knownTypes = new Set<unknown>(eventSchema.options.flatMap(({ shape }) => [...shape.type.values]))

/**
 * Reads the events of a Messages stream. Ends without an answer when no stop reason came; what breaks after it
 * loses nothing.
 */
export async function* readAnthropic(events: AsyncIterable<unknown>): AsyncGenerator<Piece> {
  const calls = new Map<number, RawCall>()
  let counted: z.infer<typeof usage> = {}
  let stop: Stop | undefined
  try {
    for await (const sent of events) {
      const event = parseEvent(sent)
      if (event === undefined) continue
      switch (event.type) {
        case 'message_start':
          counted = { ...counted, ...known(event.message.usage) }
          yield* tokensOf(counted)
          break
        case 'content_block_start': {
          const { type, text, name = '', input } = event.content_block
          if (type === 'tool_use') calls.set(event.index, { name, input: startingInput(input) })
          else if (type === 'text' && text) yield { type: 'text', text }
          break
        }
        case 'content_block_delta': {
          const { type, text, partial_json: json = '' } = event.delta
          const call = calls.get(event.index)
          if (type === 'text_delta' && text) yield { type: 'text', text }
          else if (type === 'input_json_delta' && call) call.input += json
          break
        }
        case 'message_delta':
          counted = { ...counted, ...known(event.usage) }
          yield* tokensOf(counted)
          if (event.delta.stop_reason)
            stop = stopOf(event.delta.stop_reason, event.delta.stop_details?.explanation)
      }
    }
  } catch (error) {
    if (stop === undefined) throw error
  }
  if (stop !== undefined) yield { type: 'answer', answer: { stop, calls: [...calls.values()] } }
}

function parseEvent(sent: unknown): z.infer<typeof eventSchema> | undefined {
  const parsed = eventSchema.safeParse(sent)
  if (parsed.success) return parsed.data
  const type = typeof sent === 'object' && sent !== null && 'type' in sent ? sent.type : undefined
  if (typeof type === 'string' && !knownTypes.has(type)) return undefined
  throw new MalformedAnswer(z.prettifyError(parsed.error))
}

/** Some servers give the whole input at a block's start; Anthropic's own begins with `{}`. */
function startingInput(input: unknown): string {
  return typeof input === 'object' && input !== null && Object.keys(input).length > 0
    ? JSON.stringify(input)
    : ''
}

function stopOf(reason: string, explanation: string | null | undefined): Stop {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'tool_use':
      return { type: 'done' }
    case 'max_tokens':
      return { type: 'cut' }
    case 'model_context_window_exceeded':
      return { type: 'full' }
    case 'refusal':
      return { type: 'refused', ...(explanation && { why: explanation }) }
    default:
      return { type: 'unknown', word: reason }
  }
}

/** Counts are cumulative, and a later event may leave some out. */
function known(counts: z.infer<typeof usage> | null | undefined): z.infer<typeof usage> {
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([, value]) => typeof value === 'number'))
}

function* tokensOf(counts: z.infer<typeof usage>): Generator<Piece> {
  if (counts.input_tokens == null || counts.output_tokens == null) return
  const tokens = {
    input: counts.input_tokens,
    written: counts.cache_creation_input_tokens ?? 0,
    cached: counts.cache_read_input_tokens ?? 0,
    output: counts.output_tokens,
  }
  yield { type: 'tokens', tokens }
}
