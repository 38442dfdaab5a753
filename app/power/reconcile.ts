import type { Operation, Verb } from '#app/schema/api.ts'
import type { HostStatus } from './hostAnswer.ts'
import { endedOperation } from './VmOperations.ts'

/**
 * What an operation came to, from what this process knows (if anything) and what the hypervisor's journal says.
 * The journal is the truth where it knows the op.
 */
export function reconcile(
  known: Operation | undefined,
  journal: HostStatus['operation'],
  now: string,
): Operation | undefined {
  if (journal === null) return known
  const { op } = journal
  if ('outcome' in journal && !('exit_code' in journal)) {
    return known ?? (journal.verb ? begun(op, journal.verb, now) : undefined)
  }
  const { verb } = journal
  if (!('outcome' in journal)) {
    const requested_at = known?.requested_at ?? now
    return { op, verb, by: known?.by ?? 'unknown', state: 'running', phase: 'dispatched', requested_at }
  }
  const { outcome, began_at = now, ended_at = began_at, detail } = journal
  const operation: Operation = known ?? {
    op,
    verb,
    by: 'unknown',
    state: 'ended',
    phase: 'outcome',
    requested_at: began_at,
  }
  return endedOperation(operation, {
    verb,
    exit_code: outcome === 'done' || outcome === 'failed' ? journal.exit_code : null,
    stdout: known?.result?.stdout ?? '',
    stderr: detail ?? '',
    rejected: outcome === 'refused',
    outcome,
    op,
    duration_ms: Math.max(0, Date.parse(ended_at) - Date.parse(began_at)),
  })
}

/** An operation that the hypervisor has begun and whose end it does not know. */
function begun(op: string, verb: Verb, now: string): Operation {
  const operation: Operation = {
    op,
    verb,
    by: 'unknown',
    state: 'ended',
    phase: 'outcome',
    requested_at: now,
  }
  return endedOperation(operation, {
    verb,
    exit_code: null,
    stdout: '',
    stderr:
      'The hypervisor began it, and what ran it there died before its end: look at the state of the VM first.',
    rejected: false,
    outcome: 'unknown',
    op,
    duration_ms: 0,
  })
}
