import type { Logger } from '#app/logger.ts'
import type { Part, Provider, StepRequest } from './Provider.ts'

type Failure = Extract<Part, { type: 'failure' }>

/** `last` is what was held back, and the end. `said`: text of a failed attempt got out. */
export type AttemptEnd =
  { state: 'answered'; last: Part[] } | { state: 'failed'; failure: Failure; said: boolean }

/**
 * Asks one provider once. Text goes out as it comes; calls only with the end, so that those of a failed attempt
 * never do. Never throws, and takes nothing after the first end.
 */
export async function* attempt(
  provider: Provider,
  request: StepRequest,
  logger: Logger,
): AsyncGenerator<Part, AttemptEnd> {
  const tools: Part[] = []
  const usage: Part[] = []
  let said = false
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
          return { state: 'answered', last: [...tools, ...usage, part] }
        case 'failure':
          // What a failed attempt has cost is paid all the same.
          yield* usage
          return { state: 'failed', failure: part, said }
        default:
          said ||= part.type === 'text' && part.text !== ''
          yield part
      }
    }
  } catch (err) {
    logger.error({ err, provider: provider.name }, 'a provider threw')
  }
  yield* usage
  const message = `${provider.name} stopped without an end.`
  return { state: 'failed', failure: { type: 'failure', kind: 'invalid', message }, said }
}
