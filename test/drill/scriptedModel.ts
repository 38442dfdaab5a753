import { modelServer } from '../fakes/modelServer.ts'
import type { Step } from './Script.ts'

export interface ScriptedModel {
  /** What a server needs in its environment to ask this model. */
  env: Record<string, string>
  /** From now on it works through these steps in each session, whatever it is told. */
  follow(script: Step[]): void
  stop(): Promise<void>
}

/** A model on the wire whose every answer is written down beforehand, on the third-party mock server. */
export async function scriptedModel(): Promise<ScriptedModel> {
  const server = await modelServer()
  return {
    env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdef', ANTHROPIC_BASE_URL: server.baseUrl('anthropic') },
    follow: (script) =>
      server.decide(({ messages }) => {
        const step = script[messages.filter(({ role }) => role === 'assistant').length]
        if (step === undefined) return { content: 'The script is at its end.' }
        if (!('tool' in step)) return { content: step.say }
        const last = messages.findLast(({ role }) => role === 'tool')?.content
        const input = step.input(typeof last === 'string' ? last : JSON.stringify(last ?? ''))
        return { toolCalls: [{ name: step.tool, arguments: JSON.stringify(input) }] }
      }),
    stop: () => server.stop(),
  }
}
