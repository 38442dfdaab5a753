import type { Operation } from '#app/schema/api.ts'
import type { Shape } from '#ui/components/shape.ts'
import { verbFacts } from '#ui/power/verbs.ts'
import { duration } from '#ui/text/duration.ts'
import { describeOutcome } from './describeResult.ts'

/** One line of a VM's history: "Cycle done", "Reset runs". */
export function describeOperation(operation: Operation): { shape: Shape; words: string; took: string } {
  const { verb, state, outcome = 'unknown', exit_code = null, duration_ms } = operation
  const { label } = verbFacts[verb]
  if (state === 'running') return { shape: 'off', words: `${label} runs`, took: '' }
  return {
    shape: describeOutcome({ verb, outcome, exit_code }).shape,
    words: `${label} ${outcome}`,
    took: duration_ms === undefined ? '' : duration(duration_ms),
  }
}
