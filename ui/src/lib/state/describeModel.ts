import type { ProviderSummary } from '#app/schema/api.ts'

export interface ModelState {
  /** Those that a session can choose; empty where there is nothing to choose. */
  options: ProviderSummary[]
  /** The one that is asked first. */
  current: ProviderSummary | null
  /** What is worth knowing before anything is asked, in a sentence; null when all is well. */
  says: string | null
}

/** `choice` is what the operator or the session chose: a provider's name, or a model's id. `time` tells a moment. */
export function describeModel(
  providers: ProviderSummary[],
  choice: string,
  time: (iso: string) => string,
): ModelState {
  const models = providers.filter(({ kind }) => kind !== 'runbook')
  if (providers.length === 0) return { options: [], current: null, says: null }
  if (models.length === 0)
    return { options: [], current: null, says: 'No model is configured: words are matched to a diagnosis.' }
  const current =
    providers.find(({ name }) => name === choice) ??
    providers.find(({ model }) => model === choice) ??
    models[0]
  if (current === undefined || current.state === 'ready')
    return { options: providers, current: current ?? null, says: null }
  const next = models.find(({ name, state }) => name !== current.name && state === 'ready')
  const until = current.until === undefined ? '' : ` until ${time(current.until)}`
  const rest = current.state === 'failed' ? `${current.name} failed` : `${current.name} rests${until}`
  return { options: providers, current, says: `${rest}: ${next?.name ?? 'the runbook'} answers meanwhile.` }
}

/** A provider as an option names it. */
export function nameProvider(
  { name, kind, state, until }: ProviderSummary,
  time: (iso: string) => string,
): string {
  if (kind === 'runbook') return 'No model'
  if (state === 'ready') return name
  if (state === 'failed') return `${name} (failed)`
  return until === undefined ? `${name} (rests)` : `${name} (rests until ${time(until)})`
}
