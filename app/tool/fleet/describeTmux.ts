import type { Host, TmuxSession } from '#app/schema/fleet.ts'
import { staleness } from './describeHost.ts'
import type { Line } from './toText.ts'
import { age, figure, quote } from './words.ts'

/** One line for each tmux session: legacy ones first, and of these the ones that hold most. */
export function describeTmux(hosts: Host[], now: number): Line[] {
  return hosts
    .flatMap((host) => host.tmux.map((session) => ({ host, session })))
    .toSorted((a, b) => weight(b.session) - weight(a.session))
    .map(({ host, session }) => ({
      text: describe(session, now) + staleness(host, 'tmux', now),
      words: `${host.name} ${session.user} ${session.name} ${session.status}`,
    }))
}

function weight({ status, gpu_memory_mb: gpu, memory_mb: memory, cpu_percent: cpu }: TmuxSession): number {
  return (status === 'legacy' ? 1e12 : 0) + (gpu ?? 0) * 1e4 + (memory ?? 0) + (cpu ?? 0)
}

function describe(session: TmuxSession, now: number): string {
  const { detached_since: since, clients, gpus } = session
  const held = gpus.map(({ index, memory_mb: mb }) => `GPU ${index ?? '?'} ${figure(mb, 'MB')}`)
  return [
    `${session.host}: tmux session ${quote(session.name)} of ${quote(session.user, 32)}, ${session.status}`,
    since === undefined ? `${clients} attached` : `detached for ${age(Date.parse(since), now)}`,
    `created ${age(Date.parse(session.created), now)} ago`,
    `last output ${age(Date.parse(session.last_activity), now)} ago`,
    `${session.window_count} windows, ${session.pids.length} processes`,
    `CPU ${figure(session.cpu_percent, '%')}, memory ${figure(session.memory_mb, 'MB')}`,
    session.gpu_memory_mb === null
      ? 'GPU memory unknown, or no GPU'
      : `GPU memory ${figure(session.gpu_memory_mb, 'MB')}${held.length === 0 ? '' : ` (${held.join(', ')})`}`,
  ].join('; ')
}
