import type { Gpu, Host, TmuxSession } from '#app/schema/fleet.ts'

/**
 * Whether the board tells of the change: status, sections, tmux sessions come, gone, renamed, attached or legacy, GPUs
 * and their processes come, gone or unreadable, a reboot. Figures wobble and are no news, and so do the words of an
 * error that goes on.
 */
export function isNews(before: Host | null, after: Host): boolean {
  if (before === null) return true
  return (
    before.status !== after.status ||
    before.failed_leg !== after.failed_leg ||
    before.rebooted_at !== after.rebooted_at ||
    before.scope !== after.scope ||
    before.has_gpu !== after.has_gpu ||
    !sameSections(before.sections, after.sections) ||
    !same(before.tmux, after.tmux, sameSession) ||
    !same(before.gpus, after.gpus, sameGpu)
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

function sameSections(before: Host['sections'], after: Host['sections']): boolean {
  const names = Object.keys(before)
  return (
    names.length === Object.keys(after).length && names.every((name) => before[name]?.ok === after[name]?.ok)
  )
}

function sameSession(before: TmuxSession, after: TmuxSession): boolean {
  return (
    before.id === after.id &&
    before.name === after.name &&
    before.user === after.user &&
    before.clients === after.clients &&
    before.status === after.status
  )
}

function sameGpu(before: Gpu, after: Gpu): boolean {
  if (before.uuid !== after.uuid || before.unreadable !== after.unreadable || before.mig !== after.mig)
    return false
  if (before.processes === null || after.processes === null) return before.processes === after.processes
  return same(
    before.processes,
    after.processes,
    (one, other) => one.pid === other.pid && one.tmux === other.tmux,
  )
}
