import { expect } from 'vitest'
import { anthropicProvider } from '#app/provider/anthropic.ts'
import type { ModelSettings } from '#app/provider/ModelSettings.ts'
import { openaiProvider } from '#app/provider/openai.ts'
import type { Part, Provider, StepRequest, ToolSpec } from '#app/provider/Provider.ts'
import type { Kind, ModelServer } from './modelServer.ts'

const tools: ToolSpec[] = [
  {
    name: 'shell',
    description: 'Runs one command.',
    parameters: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
  },
  { name: 'power', description: 'Power verbs.', parameters: { type: 'object' } },
]

/** The adapter of a kind, in front of the mock server. */
export function makeProvider(
  server: ModelServer,
  kind: Kind,
  { silenceMs, ...over }: Partial<ModelSettings> & { silenceMs?: number } = {},
): Provider {
  const make = kind === 'anthropic' ? anthropicProvider : openaiProvider
  return make(server.settings(kind, over), silenceMs === undefined ? {} : { silenceMs })
}

/** A step of a session that has just begun. */
export function stepRequest(over: Partial<StepRequest> = {}): StepRequest {
  return {
    sessionId: 's1',
    turn: 't1',
    agent: 'breakglass',
    target: 'devvm',
    prompt: 'What is wrong?',
    events: [],
    system: 'You repair machines.',
    messages: [{ role: 'user', text: 'What is wrong?' }],
    tools,
    signal: new AbortController().signal,
    ...over,
  }
}

/** All parts of one step, whose end is checked against the contract. */
export async function collectStep(provider: Provider, over: Partial<StepRequest> = {}): Promise<Part[]> {
  const parts: Part[] = []
  for await (const part of provider.step(stepRequest(over))) parts.push(part)
  const ends = parts.filter(({ type }) => type === 'end' || type === 'failure')
  expect(ends, 'exactly one end or failure, at the end').toEqual(parts.slice(-1))
  return parts
}

export function wordsOf(parts: Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
}

export function callsOf(parts: Part[]): Extract<Part, { type: 'tool' }>[] {
  return parts.filter((part) => part.type === 'tool')
}
