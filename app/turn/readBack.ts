import type { Leg, SessionEvent } from '#app/schema/events.ts'
import type { Where } from '#app/tool/Tool.ts'

/** A change whose effect nobody has looked at yet. */
export interface OwedRead {
  call: string
  action: string
  target: string
  /** `target:NAME` or `vm:NAME`. */
  place: string
  /** Its end was never seen: it may have run or not. */
  unknown: boolean
}

/** An attempt to look that met a machine which does not answer: more cannot be asked of the model. */
const unanswered: readonly (Leg | undefined)[] = [
  'name',
  'tcp',
  'host_key',
  'auth',
  'channel',
  'timeout',
  'lost',
]

/**
 * The last change that still has to be read back, or null. A change is paid for by a later call that looks at the
 * same machine or VM, or by one that tried and got no answer from it; the operator's next words lift it too. Calls
 * without `started` only read: a change is told before it runs.
 */
export function owedRead(events: readonly SessionEvent[]): OwedRead | null {
  let owed: OwedRead | null = null
  const changes = new Map<string, Extract<SessionEvent, { kind: 'started' }>>()
  for (const event of events) {
    if (event.kind === 'user') owed = null
    if (event.kind === 'started') changes.set(event.call, event)
    if (event.kind !== 'tool_output') continue
    const change = changes.get(event.call)
    if (event.refused === true) continue
    const looked = event.exit_code !== null || unanswered.includes(event.failed_leg)
    if (change?.read_back === true) {
      const { call, action, target, place } = change
      owed = { call, action, target, place, unknown: event.exit_code === null }
    } else if (change === undefined && looked && event.observed === owed?.place) {
      owed = null
    }
  }
  return owed
}

/** A machine or VM as the log names it for the read-back. */
export function placeOf({ kind, name }: Pick<Where, 'kind' | 'name'>): string {
  return `${kind}:${name}`
}
