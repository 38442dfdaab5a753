import { z } from 'zod'
import { MalformedAnswer, type Piece, type Stop, type Tokens } from './Answer.ts'
import { CallAssembly } from './assembleCalls.ts'

const input = z.union([
  z.string(),
  z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value)),
])
/** What is read of a chunk, in all the ways in which servers leave things out. Reasoning is passed over. */
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.int().nullish(),
                  id: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: input.nullish() }).nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.int(),
      completion_tokens: z.int(),
      prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
    })
    .nullish()
    .catch(undefined),
})
type Usage = NonNullable<z.infer<typeof chunkSchema>['usage']>

/**
 * Reads the chunks of a Chat Completions stream. Ends without an answer when no finish reason came: a stream that
 * was cut ends like any other. What breaks after it loses nothing but the usage.
 */
export async function* readOpenAi(chunks: AsyncIterable<unknown>): AsyncGenerator<Piece> {
  const assembly = new CallAssembly()
  let refusal = ''
  let finish: string | undefined
  try {
    for await (const sent of chunks) {
      const parsed = chunkSchema.safeParse(sent)
      if (!parsed.success) throw new MalformedAnswer(z.prettifyError(parsed.error))
      const { usage } = parsed.data
      if (usage) yield { type: 'tokens', tokens: tokensOf(usage) }
      const choice = parsed.data.choices?.[0]
      if (choice?.delta?.content) yield { type: 'text', text: choice.delta.content }
      refusal += choice?.delta?.refusal ?? ''
      for (const { index, id, function: called } of choice?.delta?.tool_calls ?? []) {
        assembly.add({ index, id, name: called?.name, input: called?.arguments })
      }
      finish = choice?.finish_reason || finish
    }
  } catch (error) {
    if (finish === undefined) throw error
  }
  if (finish === undefined) return
  const stop: Stop = refusal === '' ? stopOf(finish) : { type: 'refused', why: refusal }
  yield { type: 'answer', answer: { stop, calls: assembly.calls } }
}

function stopOf(finish: string): Stop {
  switch (finish) {
    case 'stop':
    case 'tool_calls':
    case 'function_call':
      return { type: 'done' }
    case 'length':
      return { type: 'cut' }
    case 'content_filter':
      return { type: 'refused', why: 'the server filtered its answer.' }
    // vLLM and OpenRouter, where OpenAI ends the stream with an error.
    case 'abort':
    case 'error':
      return { type: 'broken' }
    default:
      return { type: 'unknown', word: finish }
  }
}

function tokensOf(usage: Usage): Tokens {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0
  // What goes into the cache is not told, and costs nothing more.
  const input = Math.max(0, usage.prompt_tokens - cached)
  return { input, written: 0, cached, output: usage.completion_tokens }
}
