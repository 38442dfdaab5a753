import { duration } from '#ui/text/duration.ts'
import type { Turn } from './transcript.ts'

const words: Record<string, string> = {
  done: 'Ended in',
  cancelled: 'Stopped after',
  failed: 'Failed after',
  interrupted: 'Interrupted after',
}

/** How a turn ended, in a line: "Ended in 2.1 s · 14 events". Null while it runs. */
export function describeTurnEnd(turn: Turn): string | null {
  const { end, events } = turn
  if (end === null) return null
  const word = words[end.reason] ?? `Ended (${end.reason}) after`
  const doubt = end.isError && end.reason === 'done' ? ' · could not do its work' : ''
  return `${word} ${duration(end.durationMs)} · ${events} events${doubt}`
}
