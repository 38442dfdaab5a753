import type { Tokens } from './Answer.ts'
import type { ModelSettings, Price } from './ModelSettings.ts'
import type { Part } from './Provider.ts'

/** What a step has used, with its cost where the price is known. */
export function usageOf(tokens: Tokens, { name, model, price }: ModelSettings): Part {
  return {
    type: 'usage',
    provider: name,
    model,
    input_tokens: tokens.input + tokens.written,
    output_tokens: tokens.output,
    cached_tokens: tokens.cached,
    ...(price && { cost: costOf(tokens, price) }),
  }
}

function costOf({ input, written, cached, output }: Tokens, price: Price): number {
  const millions =
    input * price.input + written * price.cacheWrite + cached * price.cached + output * price.output
  return millions / 1e6
}
