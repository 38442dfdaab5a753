import type { ModelEntry } from '#app/config/readProviders.ts'
import type { ProviderSummary } from '#app/schema/api.ts'
import type { Provider } from './Provider.ts'

/** All providers of this process, the runbook last. */
export interface ProviderPool {
  /** In failover order, with their state. */
  states(): ProviderSummary[]
  /** What a session may choose: names of entries, and model ids; 'runbook' among them. */
  choices(): string[]
  /** What a session gets that chooses nothing: the model id of the first entry. */
  defaultChoice(): string
  /**
   * The chosen one, with all others behind it; with 'runbook', the runbook alone. A choice that is no longer
   * configured counts as none. What it gives follows `configure`: a running turn's next step knows the new entries.
   */
  providerOf(choice: string): PooledProvider
  /** Takes these in place of what there was. An entry that did not change keeps its state. */
  configure(settings: readonly ModelEntry[], runbook: Provider): void
}

export interface PooledProvider extends Provider {
  /** Of the model that is asked next, in tokens; Infinity where only the runbook answers. */
  contextTokens: number
  /** As this, but a `failure` where the runbook would take over: for questions that it cannot answer. */
  modelsOnly: Provider
}
