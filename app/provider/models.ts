import type { ModelSettings } from './ModelSettings.ts'

export interface KindDefaults {
  model: string
  /** The kind's own address. */
  baseUrl: string
  contextTokens: number
  maxOutputTokens: number
  /** What input costs that goes into the cache, as a multiple of other input: Anthropic's for five minutes. */
  cacheWriteFactor: number
  /**
   * How long nothing at all may come, from the request on and between two pieces. Anthropic sends pings while a
   * model thinks; Chat Completions has none, and a local server reads a long prompt without a word.
   */
  silenceMs: number
}

/** What an entry under `providers:` need not say. */
export const kindDefaults: Record<ModelSettings['kind'], KindDefaults> = {
  anthropic: {
    model: 'claude-sonnet-5-5',
    baseUrl: 'https://api.anthropic.com',
    contextTokens: 200_000,
    // What the model thinks counts too.
    maxOutputTokens: 16_384,
    cacheWriteFactor: 1.25,
    silenceMs: 60_000,
  },
  openai: {
    model: 'gpt-5.5',
    baseUrl: 'https://api.openai.com/v1',
    contextTokens: 128_000,
    maxOutputTokens: 8192,
    cacheWriteFactor: 1,
    silenceMs: 120_000,
  },
}
