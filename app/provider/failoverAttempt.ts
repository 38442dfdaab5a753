import type { Logger } from '#app/logger.ts'
import type { Part, Provider, StepRequest } from './Provider.ts'

type Failure = Extract<Part, { type: 'failure' }>

/** `last` is what was held back, and the end. `said`: text of a failed attempt got out. */
export type AttemptEnd =
  { state: 'answered'; last: Part[] } | { state: 'failed'; failure: Failure; said: boolean }

export interface AttemptDeps {
  logger: Logger
  now: () => Date
}

/**
 * Asks one provider once. Text goes out as it comes; calls only with the end, so that those of a failed attempt
 * never do. Never throws, and takes nothing after the first end.
 */
export async function* attempt(
  provider: Provider,
  request: StepRequest,
  { logger, now }: AttemptDeps,
): AsyncGenerator<Part, AttemptEnd> {
  const { name, model } = provider
  const begun = now().getTime()
  const tools: Part[] = []
  const usage: Extract<Part, { type: 'usage' }>[] = []
  let said = false
  const asked = { provider: name, model }
  const ended = () => ({ ...asked, duration_ms: now().getTime() - begun, ...tokensOf(usage) })
  const failed = (failure: Failure): AttemptEnd => {
    logger.warn({ ...ended(), failure: failure.kind }, 'model failed')
    return { state: 'failed', failure, said }
  }
  logger.info({ ...asked, messages: request.messages.length, tools: request.tools.length }, 'model asked')
  try {
    for await (const part of provider.step(request)) {
      switch (part.type) {
        case 'tool':
          tools.push(part)
          break
        case 'usage':
          usage.push(part)
          break
        case 'end':
          logger.info({ ...ended(), tool_calls: tools.length, finish: part.reason }, 'model answered')
          return { state: 'answered', last: [...tools, ...usage, part] }
        case 'failure':
          // What a failed attempt has cost is paid all the same.
          yield* usage
          return failed(part)
        default:
          said ||= part.type === 'text' && part.text !== ''
          yield part
      }
    }
  } catch (err) {
    logger.error({ err, provider: name }, 'a provider threw')
  }
  return failed({ type: 'failure', kind: 'invalid', message: `${name} stopped without an end.` })
}

function tokensOf(usage: Extract<Part, { type: 'usage' }>[]): Record<string, number> {
  const [one] = usage
  if (one === undefined) return {}
  const { input_tokens, output_tokens, cached_tokens } = one
  return { input_tokens, output_tokens, cached_tokens }
}
