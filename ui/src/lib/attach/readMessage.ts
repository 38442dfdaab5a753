import type { Frame } from './takeFrames.ts'

/** An event of the log as far as the attachment needs to know it. */
export interface LogEvent {
  kind: string
  id: number
  at: string
}

/**
 * What a stream says. `event` carries the epoch and the seq that its `id:` line names; where the data cannot be
 * read, `event` is null and the place still counts.
 */
export type Message =
  | { type: 'event'; epoch: string; seq: number; event: LogEvent | null }
  | { type: 'caught-up'; head: number }
  | { type: 'ping' }
  | { type: 'reset'; reason: string; head: number }
  | { type: 'gone' }

/** Reads one frame; null when it is malformed or of a kind that we do not know. */
export function readMessage(frame: Frame): Message | null {
  if (frame.event === 'message') return readEvent(frame)
  const data = parse(frame.data)
  if (data === null) return null
  const head = typeof data.head === 'number' ? data.head : null
  switch (frame.event) {
    case 'ping':
      return { type: 'ping' }
    case 'gone':
      return { type: 'gone' }
    case 'caught-up':
      return head === null ? null : { type: 'caught-up', head }
    case 'reset':
      return { type: 'reset', reason: typeof data.reason === 'string' ? data.reason : '', head: head ?? 0 }
    default:
      return null
  }
}

function readEvent(frame: Frame): Message | null {
  const place = /^(.*)\.(\d+)$/.exec(frame.id ?? '')
  if (place === null) return null
  const epoch = place[1] ?? ''
  const seq = Number(place[2])
  const data = parse(frame.data)
  const { kind, at } = data ?? {}
  const readable = typeof kind === 'string' && typeof at === 'string' && data?.id === seq
  return { type: 'event', epoch, seq, event: readable ? { ...data, kind, id: seq, at } : null }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
