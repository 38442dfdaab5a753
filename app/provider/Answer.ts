/** What a model's stream came down to, in no SDK's form. */
export interface Answer {
  stop: Stop
  calls: RawCall[]
  /** Absent: the server does not say. */
  tokens?: Tokens
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

/** Three counts that do not overlap. */
export interface Tokens {
  /** Read anew, what went into the cache included. */
  input: number
  /** Read from the cache. */
  cached: number
  output: number
}

/** What an adapter makes of a stream: text as it comes, then one answer, unless the stream broke off. */
export type Piece = { type: 'text'; text: string } | { type: 'answer'; answer: Answer }

/** The far side sent something that is no answer of its protocol. */
export class MalformedAnswer extends Error {
  override name = 'MalformedAnswer'
}
