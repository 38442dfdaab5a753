import type { Answer, Tokens } from './Answer.ts'
import { newCallId } from './callId.ts'
import { failure, nameOf, type Failure } from './classifyFailure.ts'
import type { ModelSettings } from './ModelSettings.ts'
import type { Part, StepRequest } from './Provider.ts'
import { parseToolInput } from './toolInput.ts'
import { usageOf } from './usageOf.ts'

/** What came of a stream beside its answer. */
export interface Heard {
  /** Whether any text came. */
  spoke: boolean
  /** Absent: the server has not said. */
  tokens: Tokens | undefined
}

/**
 * The last parts of a step, once the model has said why it stopped; no call gets out before. A call that the limit
 * cut off goes out with malformed arguments: the model is told, and can say it shorter.
 */
export function* conclude(
  { stop, calls }: Answer,
  { spoke, tokens }: Heard,
  settings: ModelSettings,
  request: StepRequest,
): Generator<Part> {
  const failed = failureOf(stop, calls.length > 0, settings)
  if (failed !== undefined) {
    if (tokens !== undefined) yield usageOf(tokens, settings)
    yield failed
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
  else {
    const text = `${nameOf(settings)} does not say how many tokens it used: they are not counted.`
    yield* tellOnce(text, request)
  }
  if (run.length > 0) yield { type: 'end', reason: 'tools' }
  else yield { type: 'end', reason: 'stop', ...(isRefusal && { isError: true }) }
}

/** Calls run only where the model is known to have meant to stop there, or to have been cut off. */
function failureOf(stop: Answer['stop'], calls: boolean, settings: ModelSettings): Failure | undefined {
  const who = nameOf(settings)
  switch (stop.type) {
    case 'full':
      return failure('context', `${who} stopped in mid-answer: the conversation fills its context.`)
    case 'broken':
      return failure('overload', `${who} gave up in the middle of its answer.`)
    case 'unknown': {
      const why = `${who} stopped for a reason that is not known here: ${shown(stop.word)}.`
      return calls ? failure('invalid', `${why} Its calls are not run.`) : undefined
    }
    default:
      return undefined
  }
}

function noticeOf(stop: Answer['stop'], said: boolean, settings: ModelSettings): string | undefined {
  switch (stop.type) {
    case 'cut':
      return `The answer was cut at the limit of ${settings.maxOutputTokens} tokens (max_output_tokens).`
    case 'refused':
      return `${settings.model} refused to answer${stop.why === undefined ? '.' : `: ${stop.why}`}`
    case 'unknown':
      return `${settings.model} stopped for a reason that is not known here: ${shown(stop.word)}.`
    default:
      return said ? undefined : `${settings.model} ended without a word.`
  }
}

/** A notice that the session has not had yet. */
function* tellOnce(text: string, { events }: StepRequest): Generator<Part> {
  const told = events.some((event) => event.kind === 'notice' && event.text === text)
  if (!told) yield { type: 'notice', text, level: 'warn' }
}

/** A far-side word in a sentence of ours. */
const shown = (word: string): string => word.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 40)
