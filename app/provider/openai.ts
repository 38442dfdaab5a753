import type { ModelDeps } from './anthropic.ts'
import type { Piece } from './Answer.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { modelStep, type Wire } from './modelStep.ts'
import { kindDefaults } from './models.ts'
import type { Provider, StepRequest } from './Provider.ts'
import { readOpenAi } from './readOpenAi.ts'
import { refusedOption, type Change } from './refusedOption.ts'
import { toOpenAi } from './toOpenAi.ts'

/** Chat Completions, streamed: OpenAI's own, and every server that speaks it. Retries only without a refused option. */
export function openaiProvider(
  settings: ModelSettings,
  { silenceMs = kindDefaults.openai.silenceMs }: ModelDeps = {},
): Provider {
  // What this server refuses is found out once, not in each step.
  const changes: Change[] = []

  const ask = async function* (request: StepRequest, { signal, fetch }: Wire): AsyncGenerator<Piece> {
    // The SDK costs start-up time that the power path does not have.
    const { default: OpenAI } = await import('openai')
    const client = new OpenAI({
      baseURL: settings.baseUrl ?? kindDefaults.openai.baseUrl,
      apiKey: settings.apiKey ?? 'none',
      maxRetries: 0,
      logLevel: 'off',
      timeout: silenceMs * 2,
      fetch,
    })
    for (;;) {
      const made = [...changes]
      const params = made.reduce((sent, change) => change(sent), toOpenAi(request, settings))
      try {
        yield* readOpenAi(await client.chat.completions.create(params, { signal }))
        return
      } catch (error) {
        const change = refusedOption(error, made)
        if (change === undefined) throw error
        // Another session's step may have found it out meanwhile.
        if (!changes.includes(change)) changes.push(change)
      }
    }
  }
  return {
    name: settings.name,
    model: settings.model,
    step: (request) => modelStep(settings, request, silenceMs, ask),
  }
}
