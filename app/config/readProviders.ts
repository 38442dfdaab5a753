import { readFileSync } from 'node:fs'
import type { Config, ProviderConfig } from '#app/schema/config.ts'
import { isOpenToAll, whyFailed } from './fileAccess.ts'
import { isLoopbackHost } from './listenAddress.ts'
import { Secret } from './Secret.ts'

export type ModelKind = ProviderConfig['kind']

/** What variables say of models of one kind. */
export interface ModelEnvironment {
  baseUrl?: string
  key?: Secret
  /** Absolute; read anew with every reading of the configuration. */
  keyFile?: string
}

/** A model that can be asked, as far as it was told: what is absent has the default of its kind. */
export interface ModelEntry {
  name: string
  kind: ModelKind
  model?: string
  /** Absent: the kind's own address. */
  baseUrl?: string
  /** Absent only for a server of the operator's own, which may want none. */
  key?: Secret
  contextTokens?: number
  maxOutputTokens?: number
  price?: NonNullable<ProviderConfig['price']>
}

export const modelVariables = { anthropic: 'ANTHROPIC', openai: 'OPENAI' } as const

/**
 * The models to ask, in their order: those under `providers:`, else those that variables give a key. What lacks its
 * key is left out with a warning: the runbook needs none. A key from a variable goes only where the variables
 * say, never to another address that an entry names; nor does an entry's own key go where a variable says.
 */
export function readProviders(
  listed: Config['providers'],
  environment: Record<ModelKind, ModelEnvironment>,
): { providers: ModelEntry[]; warnings: string[] } {
  const warnings: string[] = []
  const keyOfKind = (kind: ModelKind): Secret | undefined => {
    const { key, keyFile } = environment[kind]
    const name = `${modelVariables[kind]}_API_KEY`
    if (keyFile !== undefined) return readKeyFile(keyFile, `${name}_FILE`, warnings)
    if (key === undefined || isKey(key.reveal())) return key
    warnings.push(`${name}: what it holds is no key; it is not used.`)
    return undefined
  }
  const keys = { anthropic: keyOfKind('anthropic'), openai: keyOfKind('openai') }
  const providers =
    listed === undefined
      ? defaultEntries(environment, keys)
      : listed.flatMap((one, at) => {
          const path = `providers[${at}]`
          const entry = toEntry(one, environment[one.kind], keys[one.kind], path, warnings)
          if (entry.key !== undefined) return [entry]
          if (one.key_file !== undefined) {
            warnings.push(`${path}: ${one.name} is not used without its key.`)
            return []
          }
          if (entry.baseUrl !== undefined) return [entry]
          const variable = `${modelVariables[one.kind]}_API_KEY`
          warnings.push(`${path}: ${one.name} has no key and is not used; set its key_file, or ${variable}.`)
          return []
        })
  for (const { name, key, baseUrl } of providers)
    if (key !== undefined && baseUrl !== undefined && isReadable(baseUrl))
      warnings.push(`${name}: its key and all that is said to it cross the network readable; use https.`)
  return { providers, warnings }
}

/** A server without a key is a local one, and those speak Chat Completions. */
function defaultEntries(
  environment: Record<ModelKind, ModelEnvironment>,
  keys: Record<ModelKind, Secret | undefined>,
): ModelEntry[] {
  return (['anthropic', 'openai'] as const).flatMap((kind): ModelEntry[] => {
    const { baseUrl } = environment[kind]
    const key = keys[kind]
    if (key === undefined && (kind !== 'openai' || baseUrl === undefined)) return []
    return [{ name: kind, kind, ...(baseUrl !== undefined && { baseUrl }), ...(key && { key }) }]
  })
}

function toEntry(
  one: ProviderConfig,
  environment: ModelEnvironment,
  keyOfKind: Secret | undefined,
  path: string,
  warnings: string[],
): ModelEntry {
  const { name, kind, model, base_url, key_file, context_tokens, max_output_tokens, price } = one
  const baseUrl = base_url ?? (key_file === undefined ? environment.baseUrl : undefined)
  const isOwnAddress = base_url !== undefined && !isSameUrl(base_url, environment.baseUrl)
  const key =
    key_file !== undefined
      ? readKeyFile(key_file, `${path}.key_file`, warnings)
      : isOwnAddress
        ? undefined
        : keyOfKind
  return {
    ...{ name, kind },
    ...(model !== undefined && { model }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(key !== undefined && { key }),
    ...(context_tokens !== undefined && { contextTokens: context_tokens }),
    ...(max_output_tokens !== undefined && { maxOutputTokens: max_output_tokens }),
    ...(price !== undefined && { price }),
  }
}

function readKeyFile(file: string, path: string, warnings: string[]): Secret | undefined {
  let text
  try {
    text = readFileSync(file, 'utf8').trim()
    if (isOpenToAll(file)) warnings.push(`${path}: every account of this machine can read the key file.`)
  } catch (error) {
    warnings.push(`${path}: the key file ${whyFailed(error)}; no model can be asked with it.`)
    return undefined
  }
  if (isKey(text)) return new Secret(text)
  warnings.push(
    `${path}: the key file holds ${text === '' ? 'nothing' : 'what is no key'}; no model can be asked with it.`,
  )
  return undefined
}

/** One word that can stand in an HTTP header. */
function isKey(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text)
}

function isSameUrl(one: string, other: string | undefined): boolean {
  const plain = (url: string): string => new URL(url).href.replace(/\/+$/, '')
  return other !== undefined && plain(one) === plain(other)
}

function isReadable(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))
}
