import { z } from 'zod'
import { route, type Route } from '#app/http/Route.ts'
import {
  presetSchema,
  providerSchema,
  targetSummarySchema,
  type PresetSummary,
  type ProviderSummary,
} from '#app/schema/api.ts'

export interface CatalogDeps {
  presets: () => PresetSummary[]
  providers: () => ProviderSummary[]
  /** The first is the default. */
  targets: () => string[]
}

/** What a session can be begun with. */
export function catalogRoutes({ presets, providers, targets }: CatalogDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/presets',
      access: 'viewer',
      summary: 'One-tap diagnoses',
      answers: { 200: { description: 'Presets.', schema: z.array(presetSchema) } },
      handle: () => ({ body: presets() }),
    }),
    route({
      method: 'get',
      path: '/api/providers',
      access: 'viewer',
      summary: 'Model providers in failover order; the runbook is always last',
      answers: { 200: { description: 'Providers.', schema: z.array(providerSchema) } },
      handle: () => ({ body: providers() }),
    }),
    route({
      method: 'get',
      path: '/api/targets',
      access: 'viewer',
      summary: 'Machines that can be diagnosed',
      answers: { 200: { description: 'Targets.', schema: z.array(targetSummarySchema) } },
      handle: () => ({ body: targets().map((target, at) => ({ target, default: at === 0 })) }),
    }),
  ]
}
