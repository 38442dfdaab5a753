import { unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { judgePower } from './judgePower.ts'
import { judgeProbe } from './judgeProbe.ts'
import { guestOf, judgeReach } from './judgeReach.ts'
import type { Planned, RunbookVm } from './planProbes.ts'

export interface Judged {
  /** The probe's id; `reach` for a target that none of its probes could reach. */
  probe: string
  judgement: Judgement
}

/** Judges all probes of a run together. `outputs` has what each call answered, by the call's id. */
export function judgeRun(
  plan: Planned[],
  outputs: ReadonlyMap<string, ProbeOutput>,
  vm: RunbookVm | undefined,
): Judged[] {
  const outputsOn = new Map<string, ProbeOutput[]>()
  for (const planned of plan) {
    if (!('call' in planned) || 'power' in planned.probe) continue
    const output = outputs.get(planned.call.call)
    const target = planned.call.target ?? ''
    if (output) outputsOn.set(target, [...(outputsOn.get(target) ?? []), output])
  }
  const unreached = new Map(
    [...outputsOn].flatMap(([target, all]) => {
      const judgement = judgeReach(target, all)
      return judgement === null ? [] : [[target, judgement] as const]
    }),
  )
  const guest = plan.find(
    (planned) => 'call' in planned && 'on' in planned.probe && planned.probe.on === 'guest',
  )
  const guestTarget = guest && 'call' in guest ? guest.call.target : undefined
  const judged: Judged[] = [...unreached.values()].map((judgement) => ({ probe: 'reach', judgement }))
  for (const planned of plan) {
    const output = 'call' in planned ? outputs.get(planned.call.call) : undefined
    for (const judgement of judgeOne(planned, output)) {
      if (!isSaid(judgement)) judged.push({ probe: planned.probe.id, judgement })
    }
  }
  return judged

  // Several probes may miss the same thing: a guest that is not configured is missed once.
  function isSaid(judgement: Judgement): boolean {
    if (judgement.kind === 'checked') return false
    return judged.some(
      ({ judgement: one }) =>
        one.kind === 'unchecked' && one.what === judgement.what && one.why === judgement.why,
    )
  }

  function judgeOne(planned: Planned, output: ProbeOutput | undefined): Judgement[] {
    if ('without' in planned) return [planned.without]
    const { probe, call } = planned
    if (output === undefined) return [unchecked(probe.title, 'it was not run', true)]
    if ('power' in probe)
      return judgePower(output, vm?.title ?? '', guestOf(guestTarget, outputsOn.get(guestTarget ?? '') ?? []))
    return unreached.has(call.target ?? '') ? [] : judgeProbe(probe, output)
  }
}
