import type { SessionEventOf } from '#app/schema/events.ts'
import type { Judged } from './judgeRun.ts'

type Finding = Omit<SessionEventOf<'finding'>, 'kind' | 'id' | 'at' | 'turn'>

/**
 * A judgement as an event. What could not be checked has no `value` and begins with "Could not check"; it is
 * `warn` where it should have worked on this machine and `ok` where the machine has no such thing.
 */
export function toFinding({ probe, judgement }: Judged): Finding {
  if (judgement.kind === 'unchecked') {
    const { what, why, matters } = judgement
    return { probe, level: matters ? 'warn' : 'ok', text: `Could not check ${what}: ${why}.` }
  }
  const { level, text, value, unit } = judgement
  return { probe, level, text, value, ...(unit === undefined ? {} : { unit }) }
}
