import type { Operation, PowerResult } from '#app/schema/api.ts'
import type { HostJournal } from './hostAnswer.ts'
import type { Judged } from './judge.ts'
import { endedOperation } from './VmOperations.ts'

/**
 * What an operation came to, from what this process knows (if anything) and what the hypervisor's journal says.
 * The journal is the truth where it knows the op.
 */
export function reconcile(
  known: Operation | undefined,
  journal: HostJournal,
  now: string,
): Operation | undefined {
  if (journal === null) return known
  const found = settle(known, journal, now)
  // Nothing told here after the contact was lost; the journal has all of it.
  return found && journal.phases?.length ? { ...found, phases: journal.phases } : found
}

function settle(
  known: Operation | undefined,
  journal: NonNullable<HostJournal>,
  now: string,
): Operation | undefined {
  const { op, verb } = journal
  if ('outcome' in journal && !('exit_code' in journal)) {
    if (known && known.outcome !== 'unknown' && known.state === 'ended') return known
    if (!verb) return known
    return stillUnknown(known ?? { op, verb, ...strangers, requested_at: now }, died)
  }
  // Only the form above has no verb.
  if (!verb) return known
  if (!('outcome' in journal)) {
    const begun: Operation = known ?? { op, verb, ...strangers, requested_at: now }
    const { outcome, exit_code, duration_ms, detail, result, ...running } = begun
    const phases = journal.phases ?? known?.phases
    return { ...running, state: 'running', phase: phases?.at(-1)?.phase ?? 'dispatched' }
  }
  const { outcome, began_at = now, ended_at = began_at, detail, reason, forensics } = journal
  const operation: Operation = known ?? { op, verb, ...strangers, requested_at: began_at }
  return endedOperation(operation, {
    result: {
      verb,
      exit_code: outcome === 'done' || outcome === 'failed' ? journal.exit_code : null,
      stdout: known?.result?.stdout ?? '',
      stderr: detail ?? '',
      rejected: outcome === 'refused',
      outcome,
      op,
      duration_ms: Math.max(0, Date.parse(ended_at) - Date.parse(began_at)),
      ...(reason && { reason }),
    },
    ...(detail && { detail }),
    ...(typeof forensics === 'boolean' && { forensics }),
  })
}

/** The operation with an end that nobody knows, and why. */
export function stillUnknown(operation: Operation, detail: string): Operation {
  const { op, verb, result } = operation
  return endedOperation(operation, {
    result: {
      verb,
      exit_code: null,
      stdout: result?.stdout ?? '',
      stderr: detail,
      rejected: false,
      outcome: 'unknown',
      op,
      duration_ms: operation.duration_ms ?? 0,
    },
    detail,
  })
}

/** What an operation came to; made from its record where its body is gone. */
export function resultOf({ op, verb, result, detail, outcome = 'unknown', ...rest }: Operation): PowerResult {
  const { exit_code = null, duration_ms = 0 } = rest
  const rejected = outcome === 'refused'
  return result ?? { verb, exit_code, stdout: '', stderr: detail ?? '', rejected, outcome, op, duration_ms }
}

/** The answer to a try of an op that may have run before, where the hypervisor could not be reached again. */
export function notSent(known: Operation, { result: { stderr, failed_leg } }: Judged): PowerResult {
  const why = `This try was not sent, and the hypervisor could not be asked how the one before it ended: ${stderr.trim()}`
  const said =
    known.detail && !known.detail.includes('This try was not sent') ? `${known.detail} ${why}` : why
  return {
    ...{ ...resultOf(known), exit_code: null, rejected: false, outcome: 'unknown', stderr: said },
    ...(failed_leg && { failed_leg }),
  }
}

const strangers = { by: 'unknown', state: 'ended', phase: 'outcome' } as const

const died =
  'The hypervisor began it, and what ran it there died before its end: look at the state of the VM first.'
