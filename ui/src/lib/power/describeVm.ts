import type { Vm } from '#app/schema/api.ts'
import type { Shape } from '#ui/components/shape.ts'
import { sentence } from './sentence.ts'

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

/**
 * The state is not drawn as now: read longer ago than `limitMs`, by its own time or by when we were told (`toldAt`,
 * ms since 1970; a server's clock may run ahead of ours), or never.
 */
export function isStale(vm: Vm, toldAt: number | null, now: number, limitMs: number): boolean {
  if (vm.state_at === null || toldAt === null) return true
  return now - Math.min(Date.parse(vm.state_at), toldAt) > limitMs
}

/** Why its state is held to be what it is; '' where that needs no words. */
export function stateEvidence(vm: Vm): string {
  return vm.evidence ?? (vm.wedged === true ? 'Its monitor does not answer.' : '')
}

/** Why its state is what it is, and what else an operator should know at once, in whole sentences. */
export function evidenceOf(vm: Vm): string {
  return [stateEvidence(vm), vm.locked === undefined ? '' : `Locked by the hypervisor: ${vm.locked}`]
    .filter((words) => words !== '')
    .map(sentence)
    .join(' ')
}
