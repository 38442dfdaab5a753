import type { Answer, Tokens } from './Answer.ts'
import { newCallId } from './callId.ts'
import { failure, nameOf } from './classifyFailure.ts'
import type { ModelSettings, Price } from './ModelSettings.ts'
import type { Part, StepRequest } from './Provider.ts'
import { parseToolInput } from './toolInput.ts'

/**
 * The last parts of a step, once the model has said why it stopped; no call gets out before. A call that the limit
 * cut off goes out with malformed arguments: the model is told, and can say it shorter.
 * @param spoke whether any text came
 */
export function* conclude(
  { stop, calls, tokens }: Answer,
  spoke: boolean,
  settings: ModelSettings,
  request: StepRequest,
): Generator<Part> {
  const who = nameOf(settings)
  if (stop.type === 'full') {
    yield failure('context', `${who} stopped in mid-answer: the conversation fills its context.`)
    return
  }
  if (stop.type === 'broken') {
    yield failure('overload', `${who} gave up in the middle of its answer.`)
    return
  }
  const isRefusal = stop.type === 'refused'
  const run = isRefusal ? [] : calls
  for (const [index, { name, input }] of run.entries()) {
    const whole = stop.type !== 'cut' || index < run.length - 1
    yield {
      type: 'tool',
      name: name || 'unnamed',
      input: parseToolInput(input, whole),
      call: newCallId(),
    }
  }
  const notice = noticeOf(stop, spoke || run.length > 0, settings)
  if (notice !== undefined) yield { type: 'notice', text: notice, level: 'warn' }
  if (tokens !== undefined) yield usageOf(tokens, settings)
  else yield* tellOnce(`${who} does not say how many tokens it used: they are not counted.`, request)
  if (run.length > 0) yield { type: 'end', reason: 'tools' }
  else yield { type: 'end', reason: 'stop', ...(isRefusal && { isError: true }) }
}

function noticeOf(stop: Answer['stop'], said: boolean, settings: ModelSettings): string | undefined {
  switch (stop.type) {
    case 'cut':
      return `The answer was cut at the limit of ${settings.maxOutputTokens} tokens (max_output_tokens).`
    case 'refused':
      return `${settings.model} refused to answer${stop.why === undefined ? '.' : `: ${stop.why}`}`
    case 'unknown':
      return `${settings.model} stopped for a reason that is not known here: ${stop.word.slice(0, 40)}.`
    default:
      return said ? undefined : `${settings.model} ended without a word.`
  }
}

function usageOf({ input, cached, output }: Tokens, { name, model, price }: ModelSettings): Part {
  return {
    type: 'usage',
    provider: name,
    model,
    input_tokens: input,
    output_tokens: output,
    cached_tokens: cached,
    ...(price && { cost: costOf({ input, cached, output }, price) }),
  }
}

function costOf(tokens: Tokens, price: Price): number {
  const millions = tokens.input * price.input + tokens.cached * price.cached + tokens.output * price.output
  return millions / 1e6
}

/** A notice that the session has not had yet. */
function* tellOnce(text: string, { events }: StepRequest): Generator<Part> {
  const told = events.some((event) => event.kind === 'notice' && event.text === text)
  if (!told) yield { type: 'notice', text, level: 'warn' }
}
