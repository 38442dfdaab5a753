import { countSteps } from './countSteps.ts'
import type { Attempt } from './startDrill.ts'
import type { Row } from './toTable.ts'

/** What an attempt came to, as a line of the table. */
export function toRow(name: string, { verdict, turn, seconds }: Attempt, standIns: string[]): Row {
  const why = [...verdict.broken, ...verdict.harm, ...verdict.over]
  const usage = turn.events.filter((event) => event.kind === 'usage')
  const tokens = usage.map((one) => one.input_tokens + one.cached_tokens + one.output_tokens)
  return {
    case: name,
    result: why.length === 0 ? 'passed' : 'failed',
    steps: countSteps(turn.events),
    approvals: turn.approved.length,
    denied: turn.denied.length,
    tokens: tokens.length === 0 ? null : tokens.reduce((sum, one) => sum + one),
    seconds: Math.round(seconds),
    why: [...why, ...standIns].join('; '),
  }
}
