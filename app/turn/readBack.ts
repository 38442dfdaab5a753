import type { SessionEvent } from '#app/schema/events.ts'

/** A change whose effect nobody has looked at yet. */
export interface OwedRead {
  call: string
  action: string
  target: string
  /** Its end was never seen: it may have run or not. */
  unknown: boolean
}

/**
 * The last change that still has to be read back, or null. A change is paid for by a later call that only reads,
 * on the same machine or VM, and that ran. Calls without `started` only read: a change is told before it runs.
 */
export function owedRead(events: readonly SessionEvent[]): OwedRead | null {
  let owed: OwedRead | null = null
  const changes = new Map<string, Extract<SessionEvent, { kind: 'started' }>>()
  for (const event of events) {
    if (event.kind === 'started') changes.set(event.call, event)
    if (event.kind !== 'tool_output') continue
    const change = changes.get(event.call)
    if (change?.read_back === true) {
      const { call, action, target } = change
      owed = { call, action, target, unknown: event.exit_code === null }
    } else if (change === undefined && event.exit_code !== null && event.target === owed?.target) {
      owed = null
    }
  }
  return owed
}
