/** What a model's stream came down to, in no SDK's form. */
export interface Answer {
  stop: Stop
  calls: RawCall[]
}

/** `input` is the JSON text, as far as it came. */
export interface RawCall {
  name: string
  input: string
}

export type Stop =
  | { type: 'done' }
  /** The limit of output tokens was reached. */
  | { type: 'cut' }
  | { type: 'refused'; why?: string }
  /** The model's context is full. */
  | { type: 'full' }
  /** The server gave up. */
  | { type: 'broken' }
  | { type: 'unknown'; word: string }

/** Four counts that do not overlap. */
export interface Tokens {
  /** Read anew. */
  input: number
  /** Read anew and written into the cache. */
  written: number
  /** Read from the cache. */
  cached: number
  output: number
}

/**
 * What an adapter makes of a stream: text as it comes, counts as they are known (the last ones hold), then one
 * answer, unless the stream broke off.
 */
export type Piece =
  { type: 'text'; text: string } | { type: 'tokens'; tokens: Tokens } | { type: 'answer'; answer: Answer }

/** The far side sent something that is no answer of its protocol. */
export class MalformedAnswer extends Error {
  override name = 'MalformedAnswer'
}
