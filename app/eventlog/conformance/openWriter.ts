import { onTestFinished } from 'vitest'
import type { EventLog, NewEvent, Position, StoredEvent } from '../EventLog.ts'
import { LogWriter, type LogWriterOptions } from '../LogWriter.ts'

export const fact = (value: string): NewEvent => ({ kind: 'tool', text: value })
export const textsOf = (events: StoredEvent[]) => events.map((event) => event['text'])

/** A writer that goes on whatever others do, and what it was told. */
export function openWriter(
  log: EventLog,
  stream: string,
  at: Position,
  options: Partial<LogWriterOptions> = {},
) {
  const foreign: StoredEvent[] = []
  const states: string[] = []
  const writer = new LogWriter(log, stream, at, {
    onForeign(events) {
      foreign.push(...events)
      return 'go on'
    },
    onState: (state) => states.push(state),
    ...options,
  })
  onTestFinished(() => writer.close())
  return { writer, foreign, states }
}
