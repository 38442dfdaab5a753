import type { Logger } from '#app/logger.ts'
import type { Part, Provider } from './Provider.ts'

/** A provider whose calls are logged at their start and end: figures and names, never content. */
export function loggedProvider(provider: Provider, logger: Logger, now: () => number = Date.now): Provider {
  const { name, model } = provider
  return {
    name,
    model,
    async *step(request) {
      const lines = logger.child({ session: request.sessionId, turn: request.turn, provider: name, model })
      lines.info({ messages: request.messages.length, tools: request.tools.length }, 'model call')
      const began = now()
      let usage: Extract<Part, { type: 'usage' }> | undefined
      let calls = 0
      // What stands when the turn stops reading before the end.
      let finish = 'left'
      try {
        for await (const part of provider.step(request)) {
          if (part.type === 'usage') usage = part
          if (part.type === 'tool') calls++
          if (part.type === 'end') finish = part.reason
          if (part.type === 'failure') finish = part.kind
          yield part
        }
      } finally {
        lines.info(
          {
            duration_ms: now() - began,
            input_tokens: usage?.input_tokens ?? null,
            output_tokens: usage?.output_tokens ?? null,
            cached_tokens: usage?.cached_tokens ?? null,
            tool_calls: calls,
            finish,
          },
          'model call ended',
        )
      }
    },
  }
}
