import type { Operation, Outcome, PowerResult, Verb } from '#app/schema/api.ts'
import type { Shape } from '#ui/components/shape.ts'
import { duration } from '#ui/text/duration.ts'

export interface PhaseStep {
  phase: string
  word: string
  /** `last` is where an operation ended otherwise than done. */
  mark: 'done' | 'now' | 'last' | 'ahead'
  /** How long it took, or has taken so far; null where nobody was told. */
  ms: number | null
}

const words: Record<string, string> = {
  preflight: 'Checks first',
  forensics: 'Keeps forensics',
  stop: 'Power off',
  start: 'Power on',
  reset: 'Reset',
}

const expected: Record<Verb, string[]> = {
  status: [],
  forensics: [],
  cycle: ['preflight', 'forensics', 'stop', 'start'],
  stop: ['preflight', 'forensics', 'stop'],
  start: ['preflight', 'forensics', 'start'],
  reset: ['preflight', 'forensics', 'reset'],
}

/**
 * The way of an operation: what it went through, where it stands and what lies ahead; empty where nobody told of
 * phases. `elapsedMs` is how long it has run. The times of phases are compared with each other and with the request
 * alone, for clocks differ.
 */
export function phaseSteps(operation: Operation, elapsedMs: number): PhaseStep[] {
  const { verb, phases, state, outcome, requested_at } = operation
  if (phases === undefined) return []
  const running = state === 'running'
  const endMs = Date.parse(requested_at) + (operation.duration_ms ?? elapsedMs)
  const seen = phases.map(({ phase, at }, index): PhaseStep => {
    const next = phases[index + 1]
    const until = next === undefined ? endMs : Date.parse(next.at)
    const ms = Math.max(0, until - Date.parse(at))
    return { phase, word: wordOf(phase), mark: markOf(next !== undefined, running, outcome), ms }
  })
  const last = phases.at(-1)?.phase
  const way = expected[verb]
  if (last !== undefined && !way.includes(last)) return seen
  const rest = way.slice(last === undefined ? 0 : way.indexOf(last) + 1)
  // What was done went the whole way, also where nobody was told of it.
  const mark = outcome === 'done' ? 'done' : 'ahead'
  const untold = rest.map((phase): PhaseStep => ({ phase, word: wordOf(phase), mark, ms: null }))
  const isCut = mark === 'done' && untold.length > 0
  return [
    ...seen.map((step, at) => (isCut && at === seen.length - 1 ? { ...step, ms: null } : step)),
    ...untold,
  ]
}

/** A record that was read while it ran, with the end that is known since. */
export function endedAs(record: Operation, { outcome, duration_ms }: PowerResult): Operation {
  return record.state === 'ended' ? record : { ...record, state: 'ended', outcome, duration_ms }
}

function wordOf(phase: string): string {
  return words[phase] ?? phase
}

function markOf(over: boolean, running: boolean, outcome: Outcome | undefined): PhaseStep['mark'] {
  if (over || outcome === 'done') return 'done'
  return running ? 'now' : 'last'
}

/** A phase's shape; where the operation ended, that of its outcome. */
export function stepShape({ mark }: PhaseStep, ended: Shape): Shape {
  return { done: 'ok', now: 'off', last: ended, ahead: 'unknown' }[mark] as Shape
}

/** The mark for those who do not see it. */
export function markWord({ mark }: PhaseStep, running: boolean): string {
  if (mark === 'ahead') return running ? 'still to come' : 'not reached'
  return { done: 'done', now: 'now', last: 'ended here' }[mark]
}

/** How long a phase took; the hypervisor tells its times in whole seconds. */
export function phaseTime(ms: number): string {
  if (ms < 1_000) return '< 1 s'
  return ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : duration(ms)
}
