import type { ProviderSummary } from '#app/schema/api.ts'

export interface ModelState {
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
  const current =
    providers.find(({ name }) => name === choice) ??
    providers.find(({ model }) => model === choice) ??
    providers[0] ??
    null
  if (current === null || current.state === 'ready') return { current, says: null }
  const next = models.find(({ name, state }) => name !== current.name && state === 'ready')
  const until = current.until === undefined ? '' : ` until ${time(current.until)}`
  const rest = current.state === 'failed' ? `${current.name} failed` : `${current.name} rests${until}`
  return { current, says: `${rest}; ${next?.name ?? 'the runbook'} answers.` }
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
