import { z } from 'zod'
import { MalformedAnswer } from './Answer.ts'
import { describeLoss } from './describeLoss.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { kindDefaults } from './models.ts'
import type { FailureKind, Part } from './Provider.ts'
import { retryAfter } from './retryAfter.ts'

export type Failure = Extract<Part, { type: 'failure' }>

/** What both SDKs hang on an error of the far side; OpenAI's holds the inner object already. */
const text = z.string().optional().catch(undefined)
const detail = z.object({ message: text, type: text, code: text }).catch({})
const body = z.object({ error: detail.optional() }).catch({})
const farError = z.object({
  status: z.number().optional().catch(undefined),
  error: z.unknown().optional(),
  message: text,
})

/** Whole phrases of Anthropic, OpenAI, vLLM, LM Studio, Mistral, xAI, Google and gateways before them: a setting may be named context_size too. */
const tooLong =
  /prompt is too long|input is too long|maximum (context|prompt) length is \d|\d maximum context length|exceeds? (the |your )?(available |model's )?context (length|window|size|limit)|greater than the context length|input token count .{0,40}exceeds/i
/** llama.cpp says it with 500 too. */
const tooLongForLlama = /^the request exceeds the available context size/i
const noCredit = /credit balance|billing|payment/i
const typeKinds: Record<string, FailureKind> = {
  overloaded_error: 'overload',
  api_error: 'overload',
  timeout_error: 'overload',
  server_error: 'overload',
  internal_server_error: 'overload',
  rate_limit_error: 'rate_limit',
  rate_limit_exceeded: 'rate_limit',
  authentication_error: 'auth',
  permission_error: 'auth',
  billing_error: 'auth',
  // OpenAI sends these with 429: no waiting helps.
  insufficient_quota: 'auth',
  billing_hard_limit_reached: 'auth',
  billing_not_active: 'auth',
  request_too_large: 'context',
  context_length_exceeded: 'context',
  exceed_context_size_error: 'context',
}

/** Folds whatever an SDK throws into a kind and a sentence for the operator. Cancels and silences are not its job. */
export function classifyFailure(error: unknown, settings: ModelSettings, now = Date.now()): Failure {
  const who = nameOf(settings)
  const loss = describeLoss(error)
  if (loss !== undefined) return failure('network', `${who} was lost: ${loss}.`)
  if (error instanceof MalformedAnswer || error instanceof SyntaxError) {
    return failure('invalid', `${who} sent something that is no answer of its protocol.`)
  }
  if (!(error instanceof Error) || !('error' in error)) {
    return failure('invalid', `${who} could not be asked: ${clean(String(error), settings)}`)
  }
  const { status, error: sent, message } = farError.parse(error)
  const { type = '', code = '', ...said } = body.parse(sent).error ?? detail.parse(sent)
  const words = said.message ?? message ?? ''
  const kind = kindOf(status, words, typeKinds[code] ?? typeKinds[type])
  const wait =
    'headers' in error && error.headers instanceof Headers ? retryAfter(error.headers, now) : undefined
  const sentence = `${who} ${verdict(kind, status, settings.model)}: ${clean(words, settings)}`
  return { ...failure(kind, sentence), ...(wait !== undefined && { retryAfterMs: wait }) }
}

/** `anthropic (claude-… at api.anthropic.com)` */
export function nameOf({ name, kind, model, baseUrl }: ModelSettings): string {
  const url = baseUrl ?? kindDefaults[kind].baseUrl
  return `${name} (${model} at ${URL.canParse(url) ? new URL(url).host : 'an address that is none'})`
}

export function failure(kind: FailureKind, message: string): Failure {
  return { type: 'failure', kind, message }
}

function kindOf(status: number | undefined, words: string, byType: FailureKind | undefined): FailureKind {
  if (status === 401 || status === 402 || status === 403) return 'auth'
  if (status === 429) return byType === 'auth' ? 'auth' : 'rate_limit'
  if (status === 413 || byType === 'context' || tooLongForLlama.test(words)) return 'context'
  if ((status === 400 || status === undefined) && tooLong.test(words)) return 'context'
  if (status === undefined) return byType ?? 'overload'
  if (status >= 500 || status === 408 || status === 409) return 'overload'
  return byType === 'auth' || noCredit.test(words) ? 'auth' : 'invalid'
}

function verdict(kind: FailureKind, status: number | undefined, model: string): string {
  const code = status === undefined ? '' : ` (HTTP ${status})`
  switch (kind) {
    case 'auth':
      return `refused the key or the account${code}`
    case 'rate_limit':
      return `wants fewer requests${code}`
    case 'overload':
      return `is overloaded or broken${code}`
    case 'context':
      return `finds the conversation too long for ${model}${code}`
    default:
      return status === 404
        ? `does not know the model ${model}, or the address is wrong${code}`
        : `refused the request${code}`
  }
}

/** Far-side words in a sentence of ours: one line, short, without the key. */
function clean(words: string, { apiKey }: ModelSettings): string {
  const hidden = apiKey ? words.replaceAll(apiKey, '[hidden]') : words
  const line = hidden
    .replace(/\b(sk|pk|key|gsk|xai)[-_][\w*.-]{6,}/gi, '[hidden]')
    .replace(/\bbearer\s+\S+/gi, '[hidden]')
    .replace(/:\/\/[^\s/@]*@/g, '://[hidden]@')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  if (line === '') return 'no words with it.'
  return line.length > 300 ? `${line.slice(0, 300)}…` : /[.!?…]$/.test(line) ? line : `${line}.`
}
