import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { foldTurn } from './foldTurn.ts'
import type { Transcript, Turn } from './transcript.ts'
import { addUsage } from './usage.ts'

/**
 * Folds one event of a session's log into what its reader sees. Pure; untouched turns keep their identity, so
 * only the last one is drawn again. Events that were folded before change nothing, kinds that we do not know
 * only move the head.
 */
export function foldTranscript(transcript: Transcript, event: SessionEvent): Transcript {
  if (event.id <= transcript.head) return transcript
  const next = { ...transcript, head: event.id }
  switch (event.kind) {
    case 'session':
      return { ...next, agent: event.agent, model: event.model, target: event.target }
    case 'archived':
      return { ...next, state: 'archived' }
    case 'user':
      return {
        ...next,
        title: transcript.title === '' ? firstLine(event.text) : transcript.title,
        state: 'running',
        turns: [...transcript.turns, newTurn(event)],
      }
    default: {
      const turn = transcript.turns.at(-1)
      if (turn === undefined) return next
      return {
        ...next,
        state: event.kind === 'turn_end' ? 'idle' : transcript.state,
        usage: event.kind === 'usage' ? addUsage(transcript.usage, event) : transcript.usage,
        turns: [...transcript.turns.slice(0, -1), foldTurn(turn, event)],
      }
    }
  }
}

function newTurn(event: SessionEventOf<'user'>): Turn {
  const { text, by, preset } = event
  return {
    key: event.id,
    prompt: { text, by, ...(preset === undefined ? {} : { preset }) },
    startedAt: event.at,
    blocks: [],
    events: 1,
    stepFrom: event.id,
    usage: null,
    result: null,
    end: null,
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.slice(0, 120) ?? ''
}
