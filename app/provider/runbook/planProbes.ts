import type { SessionEventOf } from '#app/schema/events.ts'
import type { Preset, Probe } from '#app/schema/preset.ts'
import { unchecked, type Unchecked } from './Judgement.ts'

/** A VM as a runbook needs it: how it is called, and the targets that run inside it. */
export interface RunbookVm {
  name: string
  title: string
  targets: string[]
}

type ToolCall = Omit<SessionEventOf<'tool'>, 'kind' | 'id' | 'at' | 'turn'>

/** A probe as it is run, or why there is nothing to run it on. */
export type Planned = { probe: Probe } & ({ call: ToolCall } | { without: Unchecked })

/**
 * The tool call of each probe. Ids of calls follow from turn and probe alone, so that a turn that is taken up by
 * another process knows its own calls again.
 */
export function planProbes(
  preset: Preset,
  turn: string,
  target: string,
  vm: RunbookVm | undefined,
): Planned[] {
  const guest = vm?.targets.includes(target) ? target : vm?.targets[0]
  return (preset.runbook?.probes ?? []).map((probe): Planned => {
    const call = `${turn}.${probe.id}`
    if ('power' in probe) {
      if (vm === undefined) return { probe, without: unchecked('the VM', 'no VM is configured') }
      return { probe, call: { call, name: 'power', input: { verb: probe.power, vm: vm.name } } }
    }
    const on = probe.on === 'guest' ? guest : target
    if (on === undefined) {
      const why = vm === undefined ? 'no VM is configured' : `no target is configured inside ${vm.title}`
      return { probe, without: unchecked('the guest', why) }
    }
    const input = { command: probe.command, timeout_s: probe.timeout_s }
    return { probe, call: { call, name: 'shell', input, target: on } }
  })
}
