import { AppError } from '#app/errors.ts'
import type { Host } from '#app/schema/fleet.ts'
import { isOld } from '#app/schema/isOld.ts'

/** Throws `stale` unless the host's tmux sessions are what its newest poll has seen, not long ago. */
export function assertCurrent(host: Host): void {
  const { name, status, detail, sections } = host
  if (status === 'offline')
    throw new AppError('stale', `${name} is offline: nothing can be killed there. ${detail ?? ''}`.trim())
  const tmux = sections.tmux
  if (tmux === undefined || tmux.age_s === null)
    throw new AppError('stale', `The tmux sessions of ${name} have not been read yet.`)
  if (!tmux.ok)
    throw new AppError(
      'stale',
      `The tmux sessions of ${name} could not be read in the newest poll, so nobody knows what is there now. ${tmux.error ?? ''}`.trim(),
    )
  if (isOld(tmux, host))
    throw new AppError(
      'stale',
      `The tmux sessions of ${name} were last read ${Math.round(tmux.age_s)} s ago, which is too old to kill by.`,
    )
}
