/** One entry under `providers:`, or one that a key in the environment stands for, ready for use. */
export interface ModelSettings {
  name: string
  kind: 'anthropic' | 'openai'
  model: string
  /** Absent: the kind's own. */
  baseUrl?: string
  /** Never logged, never shown. Absent for a local server that wants none. */
  apiKey?: string
  /** How much the model reads, in tokens. */
  contextTokens: number
  /** How much it may say in one step, in tokens. */
  maxOutputTokens: number
  /** Per million tokens, in whatever currency the operator thinks; absent: the cost is unknown. */
  price?: Price
}

export interface Price {
  input: number
  output: number
  /** Input that was read from the provider's cache. */
  cached: number
  /** Input that was written into it. */
  cacheWrite: number
}
