import type { Answer, Piece, Tokens } from './Answer.ts'
import { classifyFailure, failure, nameOf, type Failure } from './classifyFailure.ts'
import { conclude } from './conclude.ts'
import type { ModelSettings } from './ModelSettings.ts'
import type { Part, StepRequest } from './Provider.ts'
import { usageOf } from './usageOf.ts'
import { watchSilence } from './watchSilence.ts'

/** What an adapter needs to put one request on the wire. */
export interface Wire {
  signal: AbortSignal
  fetch: typeof fetch
}

/** Asks a model once. May throw whatever its SDK throws; ends without an answer when the stream did. */
export type Ask = (request: StepRequest, wire: Wire) => AsyncIterable<Piece>

/** One step with a model: keeps the contract of `Provider.step`, whatever `ask` and the far side do. */
export async function* modelStep(
  settings: ModelSettings,
  request: StepRequest,
  silenceMs: number,
  ask: Ask,
): AsyncGenerator<Part> {
  const who = nameOf(settings)
  const { signal } = request
  const silence = watchSilence(silenceMs, signal)
  let answer: Answer | undefined
  let broken: Failure | undefined
  let spoke = false
  let tokens: Tokens | undefined
  try {
    if (!signal.aborted) {
      for await (const piece of ask(request, silence)) {
        if (signal.aborted) break
        if (piece.type === 'answer') {
          answer = piece.answer
          break
        }
        if (piece.type === 'tokens') {
          tokens = piece.tokens
          continue
        }
        spoke = true
        silence.pause()
        yield piece
        silence.resume()
      }
    }
  } catch (error) {
    broken = classifyFailure(error, settings)
  } finally {
    silence.stop()
  }
  if (answer !== undefined && !signal.aborted) {
    yield* conclude(answer, { spoke, tokens }, settings, request)
    return
  }
  // What was read and said until then is paid all the same.
  if (tokens !== undefined) yield usageOf(tokens, settings)
  if (signal.aborted) yield failure('cancelled', `The call to ${who} was cancelled.`)
  else if (silence.fired()) yield failure('network', `${who} said nothing for ${silenceMs / 1000} s.`)
  else yield broken ?? failure('network', `${who} broke off before its answer was finished.`)
}
