import type { ProviderConfig } from '#app/schema/config.ts'
import type { DrillCase } from './DrillCase.ts'
import { scriptedModel } from './scriptedModel.ts'

export interface ChosenModel {
  /** As the report says it. */
  title: string
  env: Record<string, string>
  providers?: ProviderConfig[]
  /** Called before each case. */
  prepare(drill: DrillCase): void
  stop(): Promise<void>
}

export interface ModelWish {
  provider?: string | undefined
  model?: string | undefined
  'base-url'?: string | undefined
}

const keys = { anthropic: 'ANTHROPIC_API_KEY', openai: 'OPENAI_API_KEY' } as const
type Kind = keyof typeof keys
const kinds: Kind[] = ['anthropic', 'openai']

/** The model that is wished for; without a wish the first with a key, else the scripted one. A sentence where it cannot be. */
export async function chooseModel(
  { provider, model, 'base-url': baseUrl }: ModelWish,
  env: Record<string, string | undefined>,
): Promise<ChosenModel | string> {
  const withKey = kinds.find((kind) => env[keys[kind]])
  const wanted = provider ?? withKey ?? 'scripted'
  if (wanted === 'scripted') {
    if (model !== undefined)
      return `--model needs a provider with a key: set ${kinds.map((kind) => keys[kind]).join(' or ')}.`
    const scripted = await scriptedModel()
    return {
      title: 'the scripted model',
      env: scripted.env,
      prepare: ({ script }) => scripted.follow(script),
      stop: () => scripted.stop(),
    }
  }
  const kind = kinds.find((one) => one === wanted)
  if (kind === undefined) return `${wanted}: the providers are ${kinds.join(', ')}, scripted.`
  // A local server of models may want no key.
  const key = env[keys[kind]] ?? (baseUrl === undefined ? undefined : 'none')
  if (!key) return `There is no ${keys[kind]}.`
  const entry = { name: 'drill', kind, ...(model && { model }), ...(baseUrl && { base_url: baseUrl }) }
  return {
    title: model === undefined ? `${kind}, its default model` : `${kind}, ${model}`,
    env: { [keys[kind]]: key },
    providers: [entry],
    prepare: () => undefined,
    stop: async () => undefined,
  }
}
