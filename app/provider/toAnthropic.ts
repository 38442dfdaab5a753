import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  ToolUnion,
} from '@anthropic-ai/sdk/resources/messages'
import { wireCallId, wireToolName } from './callId.ts'
import type { ModelSettings } from './ModelSettings.ts'
import type { Message, StepRequest, ToolSpec } from './Provider.ts'

const cached = { cache_control: { type: 'ephemeral' } } as const

/**
 * A step as Anthropic's Messages API wants it. Four cache breakpoints: tools, system, and the last two messages of
 * the user's side, so that a step reads what the step before it has written.
 */
export function toAnthropic(
  { system, messages, tools }: StepRequest,
  { model, maxOutputTokens }: ModelSettings,
): MessageCreateParamsStreaming {
  const specs = tools.length > 0 ? tools : formerTools(messages)
  return {
    model,
    max_tokens: maxOutputTokens,
    stream: true,
    ...(system.trim() !== '' && { system: [{ type: 'text', text: system, ...cached }] }),
    ...(specs.length > 0 && {
      tools: specs.map((spec, index) => ({ ...toTool(spec), ...(index === specs.length - 1 && cached) })),
    }),
    ...(tools.length === 0 && specs.length > 0 && { tool_choice: { type: 'none' } }),
    messages: withBreakpoints(toWire(messages)),
  }
}

interface WireMessage {
  role: 'user' | 'assistant'
  content: ContentBlockParam[]
}

/** Roles alternate on the wire: results of calls and what the operator says after them are one message. */
function toWire(messages: Message[]): WireMessage[] {
  const wire: WireMessage[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = blocksOf(message)
    const last = wire.at(-1)
    if (last?.role === role) last.content.push(...content)
    // An answer without a word and without a call is none on the wire.
    else if (content.length > 0) wire.push({ role, content })
  }
  return wire
}

function blocksOf(message: Message): ContentBlockParam[] {
  if (message.role === 'tool') {
    const { call, text, isError } = message
    return [
      {
        type: 'tool_result',
        tool_use_id: wireCallId(call),
        content: text || '(nothing)',
        ...(isError && { is_error: true }),
      },
    ]
  }
  // Blank text blocks are refused.
  const text: ContentBlockParam[] = message.text.trim() === '' ? [] : [{ type: 'text', text: message.text }]
  if (message.role === 'user') return text
  const calls = message.calls.map(({ call, name, input }): ContentBlockParam => {
    return { type: 'tool_use', id: wireCallId(call), name: wireToolName(name), input }
  })
  return [...text, ...calls]
}

function withBreakpoints(messages: WireMessage[]): MessageParam[] {
  const marked = messages.filter(({ role }) => role === 'user').slice(-2)
  return messages.map((message) => {
    const block = message.content.at(-1)
    if (!marked.includes(message) || block === undefined) return message
    // Only text and tool results stand in these messages, and both may be marked.
    return {
      ...message,
      content: [...message.content.slice(0, -1), { ...block, ...cached }],
    }
  })
}

function toTool({ name, description, parameters }: ToolSpec): ToolUnion {
  return { name, description, input_schema: { ...parameters, type: 'object' } }
}

/** A conversation with calls in it needs their tools, also where the model must conclude without any. */
function formerTools(messages: Message[]): ToolSpec[] {
  const names = new Set(
    messages.flatMap((message) =>
      message.role === 'assistant' ? message.calls.map(({ name }) => wireToolName(name)) : [],
    ),
  )
  return [...names].map((name) => ({ name, description: 'Not available any more.', parameters: {} }))
}
