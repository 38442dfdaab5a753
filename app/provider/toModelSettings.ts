import type { ModelEntry } from '#app/config/readProviders.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { kindDefaults } from './models.ts'

/** An entry with the defaults of its kind where it says nothing. The only place where its key is unwrapped. */
export function toModelSettings(entry: ModelEntry): ModelSettings {
  const { name, kind, baseUrl, key, price } = entry
  const defaults = kindDefaults[kind]
  return {
    ...{ name, kind },
    model: entry.model ?? defaults.model,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(key !== undefined && { apiKey: key.reveal() }),
    contextTokens: entry.contextTokens ?? defaults.contextTokens,
    maxOutputTokens: entry.maxOutputTokens ?? defaults.maxOutputTokens,
    // What was read from the cache counts as input where it has no price of its own: rather too much than too little.
    ...(price && {
      price: {
        ...{ input: price.input, output: price.output },
        cached: price.cached ?? price.input,
        cacheWrite: price.cache_write ?? price.input * defaults.cacheWriteFactor,
      },
    }),
  }
}
