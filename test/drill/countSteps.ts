import type { SessionEvent } from '#app/schema/events.ts'

/**
 * How many answers a model gave in one turn: each run of calls, which are recorded together, and its closing words.
 * Nothing else tells it: many servers do not say what was used.
 */
export function countSteps(events: readonly SessionEvent[]): number {
  const runs = events.filter(({ kind }, at) => kind === 'tool' && events[at - 1]?.kind !== 'tool').length
  const last = events.findLastIndex(({ kind }) => kind === 'tool')
  const closing = events.slice(last + 1).some(({ kind }) => kind === 'text')
  return runs + (closing ? 1 : 0)
}
