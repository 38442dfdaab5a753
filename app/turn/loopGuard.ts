import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'

export type LoopVerdict = { state: 'fine' } | { state: 'nudge' | 'conclude'; text: string }

const sameCalls = 3
const errorsInARow = 5
/** So many calls that succeeded since a nudge, and it is forgotten. */
const progress = 6

/**
 * Whether the model goes in circles in this turn: the same call three times, two calls in turns, or a streak of
 * calls that fail. The first time it is nudged, the second time its tools are taken away. Only what came since the
 * last nudge counts. `events` are those of the turn.
 */
export function loopGuard(events: readonly SessionEvent[]): LoopVerdict {
  const lastNudge = events.findLastIndex((event) => event.kind === 'nudge' && event.loop === true)
  const since = events.slice(lastNudge + 1)
  const nudgedAt = endsOf(since).filter((end) => end.exit_code === 0).length >= progress ? -1 : lastNudge
  const what = circle(callsOf(since)) ?? streak(since)
  if (what === null) return { state: 'fine' }
  if (nudgedAt === -1)
    return {
      state: 'nudge',
      text: `${what} Do something else, or conclude with what you know; ask the operator if you are stuck.`,
    }
  return {
    state: 'conclude',
    text: `${what} You have no tools any more in this turn: say what you found, what you did and what is left.`,
  }
}

function callsOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'tool' ? [`${event.name} ${canonical(event.input)}`] : []))
}

function circle(calls: string[]): string | null {
  const last = calls.slice(-sameCalls)
  if (last.length === sameCalls && new Set(last).size === 1)
    return `You made the same call ${sameCalls} times in a row.`
  const [a, b, c, d] = calls.slice(-4)
  if (d !== undefined && a === c && b === d && a !== b)
    return 'You go back and forth between the same two calls.'
  return null
}

/** An exit code is an answer, also one other than 0: `grep` and `systemctl status` say with it what they found. */
function streak(events: readonly SessionEvent[]): string | null {
  const ends = endsOf(events).slice(-errorsInARow)
  const failed = ends.length === errorsInARow && ends.every((end) => end.exit_code === null)
  return failed ? `Your last ${errorsInARow} calls all failed.` : null
}

function endsOf(events: readonly SessionEvent[]): SessionEventOf<'tool_output'>[] {
  return events.filter((event) => event.kind === 'tool_output')
}

/** The same arguments give the same text, in whatever order they came. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`
}
