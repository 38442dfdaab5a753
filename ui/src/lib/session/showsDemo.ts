import type { Vm } from '#app/schema/api.ts'
import type { Transcript } from './transcript.ts'

/** Whether a session shows a simulated VM: its target runs inside one, or one of its calls asks for one. */
export function showsDemo(transcript: Transcript, vms: Vm[]): boolean {
  return vms
    .filter((vm) => vm.demo)
    .some(
      (vm) =>
        vm.targets.includes(transcript.target) ||
        transcript.turns.some(({ blocks }) =>
          blocks.some(
            (block) =>
              block.type === 'calls' &&
              block.calls.some(({ name, target }) => name === 'power' || target === vm.vm),
          ),
        ),
    )
}
