import { resolve } from 'node:path'
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

const names = { anthropic: 'ANTHROPIC', openai: 'OPENAI' } as const
type Kind = keyof typeof names
const kinds: Kind[] = ['anthropic', 'openai']

/**
 * The model that is wished for; without a wish the first with a key, else the scripted one. A sentence where it cannot
 * be. Key and address go on together as variables: a key that belongs to a gateway is sent to no other address.
 */
export async function chooseModel(
  { provider, model, 'base-url': baseUrl }: ModelWish,
  env: Record<string, string | undefined>,
): Promise<ChosenModel | string> {
  const withKey = kinds.find((kind) => keyOf(kind, env))
  const wanted = provider ?? withKey ?? 'scripted'
  if (wanted === 'scripted') {
    if (model !== undefined)
      return `--model needs a provider with a key: set ${kinds.map((kind) => `${names[kind]}_API_KEY`).join(' or ')}.`
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
  const key = keyOf(kind, env)
  const address = baseUrl ?? env[`${names[kind]}_BASE_URL`]
  // A local server of models may want no key.
  if (!key && !address) return `There is no ${names[kind]}_API_KEY.`
  return {
    title: model === undefined ? `${kind}, its default model` : `${kind}, ${model}`,
    env: { ...key, ...(address && { [`${names[kind]}_BASE_URL`]: address }) },
    providers: [{ name: 'drill', kind, ...(model && { model }) }],
    prepare: () => undefined,
    stop: async () => undefined,
  }
}

/** The variable that holds the key, or the file with it. */
function keyOf(kind: Kind, env: Record<string, string | undefined>): Record<string, string> | undefined {
  const name = `${names[kind]}_API_KEY`
  const key = env[name]
  if (key) return { [name]: key }
  const file = env[`${name}_FILE`]
  // The server runs in another folder.
  return file ? { [`${name}_FILE`]: resolve(file) } : undefined
}
