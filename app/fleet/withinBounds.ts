import type { Host, TmuxSession } from '#app/schema/fleet.ts'

/** More than any screen shows of one host. */
const mostSessions = 200

/**
 * A host as it is told whole: anybody with an account there can make tmux sessions, so that only the ones that matter most
 * are listed of very many (those attached, then those that hold GPU memory, then by their newest output), in the order
 * given, and the others are counted.
 */
export function withinBounds(host: Host): Host {
  const left = host.tmux.length - mostSessions
  if (left <= 0) return host
  const kept = new Set(host.tmux.toSorted(byWeight).slice(0, mostSessions))
  return { ...host, tmux: host.tmux.filter((session) => kept.has(session)), tmux_more: left }
}

function byWeight(a: TmuxSession, b: TmuxSession): number {
  return (
    Number(b.attached) - Number(a.attached) ||
    (b.gpu_memory_mb ?? 0) - (a.gpu_memory_mb ?? 0) ||
    (a.last_activity < b.last_activity ? 1 : -1)
  )
}
