import type { NewEvent } from './EventLog.ts'

/** The stored and sent form of one event: `id: <epoch>.<seq>\ndata: <json>\n\n`. */
export function toFrame(epoch: string, seq: number, at: string, event: NewEvent): string {
  const { kind, ...fields } = event
  return `id: ${epoch}.${seq}\ndata: ${JSON.stringify({ kind, id: seq, at, ...fields })}\n\n`
}

/** The JSON texts in a run of frames, in order. */
export function toJsonTexts(frames: Buffer | string): string[] {
  const text = frames.toString()
  const texts: string[] = []
  let at = 0
  while (at < text.length) {
    const start = text.indexOf('\ndata: ', at) + 7
    const end = text.indexOf('\n\n', start)
    texts.push(text.slice(start, end))
    at = end + 2
  }
  return texts
}
