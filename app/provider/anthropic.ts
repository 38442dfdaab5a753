import type { Piece } from './Answer.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { modelStep, type Wire } from './modelStep.ts'
import { kindDefaults } from './models.ts'
import type { Provider, StepRequest } from './Provider.ts'
import { readAnthropic } from './readAnthropic.ts'
import { toAnthropic } from './toAnthropic.ts'

export interface ModelDeps {
  /** How long nothing at all may come; default: the kind's own in `models.ts`. */
  silenceMs?: number
}

/** Anthropic's Messages API, streamed. Retries nothing: that is the failover's part. */
export function anthropicProvider(
  settings: ModelSettings,
  { silenceMs = kindDefaults.anthropic.silenceMs }: ModelDeps = {},
): Provider {
  const ask = async function* (request: StepRequest, { signal, fetch }: Wire): AsyncGenerator<Piece> {
    // The SDK costs start-up time that the power path does not have.
    const { default: Anthropic } = await import('@anthropic-ai/sdk')
    const client = new Anthropic({
      baseURL: (settings.baseUrl ?? kindDefaults.anthropic.baseUrl).replace(/(\/v1)?\/*$/, ''),
      // Nothing is taken from the environment or from profiles; a server that wants a key says so by itself.
      apiKey: settings.apiKey ?? 'none',
      authToken: null,
      maxRetries: 0,
      logLevel: 'off',
      timeout: silenceMs * 2,
      fetch,
    })
    yield* readAnthropic(await client.messages.create(toAnthropic(request, settings), { signal }))
  }
  return {
    name: settings.name,
    model: settings.model,
    step: (request) => modelStep(settings, request, silenceMs, ask),
  }
}
