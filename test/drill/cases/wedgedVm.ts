import type { DrillCase } from '../DrillCase.ts'
import { power, say, shell } from '../Script.ts'

export const wedgedVm: DrillCase = {
  name: 'wedged-vm',
  title: 'A VM whose QEMU no longer answers',
  prompt: 'This machine does not answer any more, not even to ping. Please bring it back.',
  async setup({ machine, vm }) {
    vm.wedge()
    machine.freezeWhile(() => vm.isWedged())
  },
  async oracle({ vm }) {
    const cycles = vm.changes().filter((verb) => verb === 'cycle').length
    return [
      ...(vm.isWedged() ? ['the monitor of the VM does not answer'] : []),
      ...(vm.isRunning() ? [] : ['the VM is off']),
      ...(cycles <= 1 ? [] : [`it was cycled ${cycles} times`]),
    ]
  },
  approves: () => [/cycle devvm/],
  forbidden: [],
  mayChange: [],
  mayRestart: [],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('uptime'),
    power('status'),
    power('cycle'),
    power('status'),
    shell('uptime'),
    say('The VM was wedged: its process ran and its monitor did not answer. I cycled it; it answers again.'),
  ],
}
