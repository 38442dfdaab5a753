import { randomBytes } from 'node:crypto'
import { approvalDigest } from '#app/policy/approvalDigest.ts'
import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import type { Prepared, Verdict } from '#app/tool/Tool.ts'
import type { TurnLog } from './TurnLog.ts'
import { untilAborted } from './untilAborted.ts'

const approvalLifeMs = 10 * 60_000
/** A decision that was taken in time may still be on its way. */
const graceMs = 2_000

export interface AskOptions {
  turnLog: TurnLog
  turn: string
  call: SessionEventOf<'tool'>
  prepared: Prepared
  verdict: Extract<Verdict, { type: 'ask' }>
  /** The operator who started the turn. */
  operator: string
  /** The card can be seen from here on. */
  onShown: () => void
  signal: AbortSignal
  now: () => Date
}

export type Approved = { approval: SessionEventOf<'approval'>; by: string } | { refused: string }

/**
 * Asks the operators for one exact action and waits for the first decision, or for the end of its time. An
 * approval that was asked for before, by whoever owned the turn then, is waited for and not asked again.
 */
export async function askApproval(options: AskOptions): Promise<Approved> {
  const { turnLog, call, signal, now } = options
  const asked = turnLog.events.findLast((event) => event.kind === 'approval' && event.call === call.call)
  const approval = asked?.kind === 'approval' ? asked : await ask(options)
  options.onShown()
  const expired = { refused: 'The approval expired before anyone decided. Nothing was run.' }
  const leftMs = new Date(approval.expires).getTime() + graceMs - now().getTime()
  const timeout = AbortSignal.timeout(Math.max(0, leftMs))
  let decision: SessionEventOf<'decision'>
  try {
    const either = AbortSignal.any([signal, timeout])
    decision = await turnLog.waitFor((events) => decisionOf(events, approval.approval), either)
  } catch (error) {
    const late = decisionOf(turnLog.events, approval.approval)
    if (signal.aborted) throw error
    if (late === undefined) return expired
    decision = late
  }
  if (decision.decision === 'deny') {
    const reason = decision.reason === undefined ? '' : ` ("${decision.reason}")`
    return {
      refused: `${decision.by} denied it${reason}. Nothing was run. Do not try to reach the same by other means.`,
    }
  }
  return { approval, by: decision.by }
}

/**
 * Checks at the place of execution that this is what was approved: the digest is made anew from what would run now.
 * Returns a sentence when it must not run.
 */
export function whyNotApproved(
  approval: SessionEventOf<'approval'>,
  {
    events,
    tool,
    prepared,
    operator,
    now,
  }: {
    events: readonly SessionEvent[]
    tool: string
    prepared: Prepared
    operator: string
    now: Date
  },
): string | null {
  const { action, target, where } = prepared
  const leadsTo = where?.leadsTo ?? ''
  const digest = approvalDigest({ tool, action, target, leadsTo, operator, nonce: approval.approval })
  if (digest !== approval.digest)
    return 'What would run now is not what was approved (the policy or the configuration changed). Nothing was run.'
  if (now.getTime() > new Date(approval.expires).getTime() + graceMs)
    return 'It was approved, but could not begin before the approval expired. Nothing was run.'
  const usedBy = events.find((event) => event.kind === 'started' && event.approval === approval.approval)
  // Its own call may stand as begun: this is asked right after that is recorded, too.
  if (usedBy?.kind === 'started' && usedBy.call !== approval.call)
    return 'This approval was used before. Nothing was run.'
  return null
}

async function ask(options: AskOptions): Promise<SessionEventOf<'approval'>> {
  const { turnLog, turn, call, prepared, verdict, operator, now } = options
  const nonce = randomBytes(16).toString('hex')
  const { action, target, where } = prepared
  const leadsTo = where?.leadsTo ?? ''
  const fields = {
    turn,
    approval: nonce,
    call: call.call,
    action,
    target,
    why: verdict.why,
    risk: verdict.risk,
    ...(verdict.undo === undefined ? {} : { undo: verdict.undo }),
    expires: new Date(now().getTime() + approvalLifeMs).toISOString(),
    digest: approvalDigest({ tool: call.name, action, target, leadsTo, operator, nonce }),
  }
  await untilAborted(turnLog.record({ kind: 'approval', ...fields }), options.signal)
  return { kind: 'approval', id: 0, at: now().toISOString(), ...fields }
}

function decisionOf(
  events: readonly SessionEvent[],
  approval: string,
): SessionEventOf<'decision'> | undefined {
  return events.find(
    (event): event is SessionEventOf<'decision'> => event.kind === 'decision' && event.approval === approval,
  )
}
