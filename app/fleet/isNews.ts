import type { FleetHost } from './FleetHost.ts'
import type { GpuMemory, HostMemory, TmuxMemory } from './HostMemory.ts'
import { isLegacy } from './isLegacy.ts'

/** What was known of a host, and by which settings it was shown. */
export interface Shown {
  memory: HostMemory
  host: Pick<FleetHost, 'legacyAfterMs'>
}

/**
 * Whether the board tells of the change: status, sections, tmux sessions come, gone, renamed, attached or legacy, GPUs
 * and their processes come, gone or unreadable, a reboot. Figures wobble and are no news, and so do the words of an
 * error that goes on.
 */
export function isNews(before: Shown | null, after: Shown): boolean {
  if (before === null) return true
  const [then, now] = [before.memory, after.memory]
  const sameLegacy = (one: TmuxMemory, other: TmuxMemory) =>
    isLegacy(one, before.host.legacyAfterMs) === isLegacy(other, after.host.legacyAfterMs)
  return (
    then.status !== now.status ||
    then.failedLeg !== now.failedLeg ||
    then.rebootedAt !== now.rebootedAt ||
    then.scope !== now.scope ||
    then.hasGpu !== now.hasGpu ||
    !sameSections(then.sections, now.sections) ||
    !same(then.tmux, now.tmux, (one, other) => sameSession(one, other) && sameLegacy(one, other)) ||
    !same(then.gpus, now.gpus, sameGpu)
  )
}

function same<T>(before: T[], after: T[], equal: (before: T, after: T) => boolean): boolean {
  return (
    before.length === after.length &&
    before.every((one, at) => {
      const other = after[at]
      return other !== undefined && equal(one, other)
    })
  )
}

function sameSections(before: HostMemory['sections'], after: HostMemory['sections']): boolean {
  const names = Object.keys(before)
  return (
    names.length === Object.keys(after).length && names.every((name) => before[name]?.ok === after[name]?.ok)
  )
}

function sameSession(before: TmuxMemory, after: TmuxMemory): boolean {
  return (
    before.id === after.id &&
    before.name === after.name &&
    before.user === after.user &&
    before.clients === after.clients &&
    before.doubt === after.doubt
  )
}

function sameGpu(before: GpuMemory, after: GpuMemory): boolean {
  if (before.uuid !== after.uuid || before.unreadable !== after.unreadable || before.mig !== after.mig)
    return false
  if (before.processes === null || after.processes === null) return before.processes === after.processes
  return same(
    before.processes,
    after.processes,
    (one, other) => one.pid === other.pid && one.tmux === other.tmux,
  )
}
