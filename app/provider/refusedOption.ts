import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'

type Params = ChatCompletionCreateParamsStreaming

/** Changes a request so that a server which refused it may take it. */
export type Change = (params: Params) => Params

/** Options that servers differ on, by the word with which they refuse them. */
const changes: [RegExp, Change][] = [
  // Counting what was used is a courtesy.
  [/stream_options|include_usage/, ({ stream_options: _, ...params }) => params],
  // OpenAI's newer models take tools here only without reasoning, and reason unless told.
  [/reasoning_effort/, (params) => ({ ...params, reasoning_effort: 'none' })],
  [
    // "… is not supported with this model. Use 'max_completion_tokens' instead."
    /use '?max_completion_tokens/i,
    ({ max_tokens: limit, ...params }) => ({ ...params, max_completion_tokens: limit ?? null }),
  ],
]

/** How to ask again, when this is a refusal of an option by name and asking otherwise may help. */
export function refusedOption(error: unknown, tried: readonly Change[]): Change | undefined {
  if (!(error instanceof Error) || !('status' in error) || (error.status !== 400 && error.status !== 422))
    return undefined
  return changes.find(([word, change]) => word.test(error.message) && !tried.includes(change))?.[1]
}
