import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import { wireCallId, wireToolName } from './callId.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { kindDefaults } from './models.ts'
import type { Message, StepRequest } from './Provider.ts'

/**
 * A step as Chat Completions wants it. OpenAI's own models know only `max_completion_tokens`, many other servers
 * only `max_tokens`.
 */
export function toOpenAi(
  { system, messages, tools }: StepRequest,
  { model, maxOutputTokens, baseUrl = kindDefaults.openai.baseUrl }: ModelSettings,
): ChatCompletionCreateParamsStreaming {
  const isOpenAi = URL.parse(baseUrl)?.hostname.endsWith('openai.com') === true
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    ...(isOpenAi ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens }),
    messages: [
      ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
      ...messages.map(toWire),
    ],
    ...(tools.length > 0 && { tools: tools.map((spec) => ({ type: 'function' as const, function: spec })) }),
  }
}

function toWire(message: Message): ChatCompletionMessageParam {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text }
    case 'tool': {
      const text = message.text || '(nothing)'
      // The protocol has no place for this.
      const content = message.isError ? `The call failed.\n${text}` : text
      return { role: 'tool', tool_call_id: wireCallId(message.call), content }
    }
    case 'assistant': {
      const { text, calls } = message
      if (calls.length === 0) return { role: 'assistant', content: text }
      return {
        role: 'assistant',
        content: text || null,
        tool_calls: calls.map(({ call, name, input }) => ({
          id: wireCallId(call),
          type: 'function',
          function: { name: wireToolName(name), arguments: JSON.stringify(input) },
        })),
      }
    }
  }
}
