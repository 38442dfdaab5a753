import { readFile } from 'node:fs/promises'
import type { ChatCompletionRequest, FixtureResponse } from '@copilotkit/aimock'
import type { SessionEvent } from '#app/schema/events.ts'
import { until, type Breakglass } from './breakglass.ts'
import type { ModelServer } from './modelServer.ts'

/** What a server needs to know to ask this model and no other. */
export const modelEnv = (model: ModelServer): Record<string, string> => ({
  ANTHROPIC_API_KEY: 'sk-test-0123456789abcdef',
  ANTHROPIC_BASE_URL: model.baseUrl('anthropic'),
})

/** Calls of the tool `shell`, one a step, then the closing words: whatever is asked again gets the same answer. */
export function works(commands: string[], words: string): (asked: ChatCompletionRequest) => FixtureResponse {
  return ({ messages }) => {
    const done = messages.filter(({ role }) => role === 'tool').length
    const command = commands[done]
    if (command === undefined) return { content: words }
    return { toolCalls: [{ name: 'shell', arguments: JSON.stringify({ command }) }] }
  }
}

export async function eventsOf(server: Breakglass, id: string): Promise<SessionEvent[]> {
  return (await server.api('GET', `/api/session/${id}/events?limit=5000`)).json.events
}

/** A session whose agent was asked something. */
export async function ask(server: Breakglass, prompt = 'Mend it.'): Promise<string> {
  const id: string = (await server.api('POST', '/api/session', {})).json.session_id
  const asked = await server.api('POST', `/api/session/${id}/prompt`, { prompt })
  if (asked.status !== 202) throw new Error(`the prompt was answered ${asked.status}: ${asked.text}`)
  return id
}

/** Waits for an event of this kind and gives all there are then. */
export const seen = (server: Breakglass, id: string, kind: SessionEvent['kind'], limitMs = 60_000) =>
  until(
    `an event ${kind}`,
    async () => {
      const events = await eventsOf(server, id)
      return events.some((event) => event.kind === kind) && events
    },
    limitMs,
  )

export async function decide(
  server: Breakglass,
  id: string,
  decision: 'approve' | 'deny',
): Promise<{ status: number; json: Record<string, unknown> }> {
  const asked = (await seen(server, id, 'approval')).findLast((event) => event.kind === 'approval')
  const approval = asked?.kind === 'approval' ? asked.approval : ''
  return server.api('POST', `/api/session/${id}/approvals/${approval}`, { decision })
}

/** How many lines the file has: how often what appends one has run. */
export async function linesOf(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').length - 1
}
