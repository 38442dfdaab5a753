import type { SessionEventOf } from '#app/schema/events.ts'

/** What models were paid with: tokens, and what that costs where prices are known. */
export interface Usage {
  /** Who answered, in the order in which they first did: "claude · claude-x". */
  models: string[]
  /** What was read anew; what came from the provider's cache is counted beside it. */
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  /** In the currency of the configured prices, of the steps whose price is known; null where none is. */
  cost: number | null
  /** Not every step's price is known. */
  costIncomplete: boolean
}

export function addUsage(usage: Usage | null, event: SessionEventOf<'usage'>): Usage {
  const model = `${event.provider} · ${event.model}`
  const models = usage?.models ?? []
  return {
    models: models.includes(model) ? models : [...models, model],
    inputTokens: (usage?.inputTokens ?? 0) + event.input_tokens,
    outputTokens: (usage?.outputTokens ?? 0) + event.output_tokens,
    cachedTokens: (usage?.cachedTokens ?? 0) + event.cached_tokens,
    cost: event.cost === undefined ? (usage?.cost ?? null) : (usage?.cost ?? 0) + event.cost,
    costIncomplete: event.cost === undefined || usage?.costIncomplete === true,
  }
}

/** "claude · claude-x · 20.3k in (8k cached) / 1.2k out · cost 0.04" */
export function describeUsage(usage: Usage): string {
  return `${usage.models.join(', then ')} · ${describeTokens(usage)} · ${describeCost(usage)}`
}

export function describeTokens({ inputTokens, outputTokens, cachedTokens }: Usage): string {
  const cached = cachedTokens > 0 ? ` (${tokens(cachedTokens)} cached)` : ''
  return `${tokens(inputTokens + cachedTokens)} in${cached} / ${tokens(outputTokens)} out`
}

/** A cost that is not known is never told as none. Its currency is the one that the prices are configured in. */
export function describeCost({ cost, costIncomplete }: Usage): string {
  if (cost === null) return 'cost unknown'
  const known = cost > 0 && cost < 0.01 ? '< 0.01' : cost.toFixed(2)
  return costIncomplete ? `cost at least ${known}` : `cost ${known}`
}

function tokens(count: number): string {
  const scaled = (value: number): string =>
    value < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0)
  if (count < 1000) return String(count)
  return count < 999_500 ? `${scaled(count / 1000)}k` : `${scaled(count / 1_000_000)}M`
}
