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
   * configured counts as none.
   */
  providerOf(choice: string): PooledProvider
}

export interface PooledProvider extends Provider {
  /** The smallest of those that can be reached from here, in tokens. */
  contextTokens: number
}
