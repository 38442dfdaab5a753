import type { Vm } from '#app/schema/api.ts'
import type { Shape } from '#ui/components/shape.ts'

/** A VM's state as shape and word. Wedged is worse than whatever the hypervisor calls it. */
export function describeVm(vm: Pick<Vm, 'state' | 'wedged'>): { shape: Shape; word: string } {
  if (vm.wedged === true) return { shape: 'crit', word: `${vm.state}, wedged` }
  switch (vm.state) {
    case 'running':
      return { shape: 'ok', word: 'running' }
    case 'paused':
      return { shape: 'warn', word: 'paused' }
    case 'stopped':
      return { shape: 'off', word: 'stopped' }
    case 'unknown':
      return { shape: 'unknown', word: 'unknown' }
  }
}

/** What stands behind the state, in sentences. */
export function evidenceOf(vm: Vm): string {
  return [
    vm.evidence ?? (vm.wedged === true ? 'Its monitor does not answer.' : ''),
    vm.locked === undefined ? '' : `Locked by the hypervisor: ${vm.locked}.`,
    vm.ha === true ? 'Managed by HA: start and stop are queued there.' : '',
  ]
    .filter((sentence) => sentence !== '')
    .map((sentence) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`))
    .join(' ')
}
