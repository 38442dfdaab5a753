import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { loopGuard } from './loopGuard.ts'
import { owedRead } from './readBack.ts'

/** How many steps with calls a turn may have. */
export const maxSteps = 40
/** How often a model that wants to conclude is sent back to look at what it changed. */
const maxSentBack = 2
/** How many calls a model may try after its tools were taken away. */
const maxStubborn = 3

/** Whether the model has no tools any more in this turn. `events` are those of the turn, here and below. */
export function isConcluding(events: readonly SessionEvent[]): boolean {
  return events.some(isConclude)
}

/** The model goes on calling tools that were taken away: there is no use in asking it again. */
export function isStubborn(events: readonly SessionEvent[]): boolean {
  const at = events.findIndex(isConclude)
  return at !== -1 && events.slice(at).filter((event) => event.kind === 'tool').length >= maxStubborn
}

/** What the model must be told before its next step, or null: it has had its steps, or it goes in circles. */
export function nudgeBeforeStep(events: readonly SessionEvent[], turn: string): SessionDraft | null {
  if (isConcluding(events)) return null
  if (stepsOf(events) >= maxSteps) {
    const text = `You have had ${maxSteps} steps and have no tools any more: say what you found, what you did and what is left.`
    return { kind: 'nudge', turn, text, conclude: true }
  }
  const verdict = loopGuard(events)
  if (verdict.state === 'fine') return null
  const conclude = verdict.state === 'conclude' ? { conclude: true } : {}
  return { kind: 'nudge', turn, text: verdict.text, loop: true, ...conclude }
}

/**
 * What stands against the end of the turn, or null: a change that nobody has looked at. The model is sent back;
 * when that did not help, the operator is told.
 */
export function judgeEnd(events: readonly SessionEvent[], turn: string): SessionDraft | null {
  const owed = owedRead(events)
  if (owed === null) return null
  const changed = events.findLastIndex((event) => event.kind === 'started')
  const sentBack = events.slice(changed).filter((event) => event.kind === 'nudge').length
  if (sentBack < maxSentBack && !isConcluding(events)) {
    const where = owed.target === '' ? '' : ` on ${owed.target}`
    const text = `You cannot conclude yet. First read the state back${where}, with a call that only looks, after: ${owed.action}`
    return { kind: 'nudge', turn, text }
  }
  return { kind: 'notice', turn, level: 'warn', text: `Nobody has read the state back after: ${owed.action}` }
}

/** Text of a step that never came to its end stands last in the turn. */
export function hasLooseText(events: readonly SessionEvent[]): boolean {
  const beside = ['takeover', 'usage', 'progress']
  return events.findLast((event) => !beside.includes(event.kind))?.kind === 'text'
}

const isConclude = (event: SessionEvent): boolean => event.kind === 'nudge' && event.conclude === true

/** Steps that made calls: each is a run of neighbouring `tool` events. */
function stepsOf(events: readonly SessionEvent[]): number {
  const facts = events.filter((event) => event.kind === 'tool' || event.kind === 'tool_output')
  return facts.filter((event, at) => event.kind === 'tool' && facts[at - 1]?.kind !== 'tool').length
}
