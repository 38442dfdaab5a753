import type { TmuxMemory } from '../HostMemory.ts'
import type { Processes } from './foldProcesses.ts'
import type { ProcessReading } from '../probe/readProcs.ts'
import type { TmuxServerReading, TmuxSessionReading } from '../probe/readTmux.ts'

type Known = Pick<TmuxMemory, 'pids' | 'cpuPercent' | 'memoryMb' | 'doubt'>

/**
 * The processes of a tmux session: its panes', their descendants, and what was left behind in a pane's SID. A server
 * belongs to its user and may name any pid as a pane's, so a pane counts only if it is a child of that server.
 */
export function sessionProcesses(
  before: TmuxMemory | undefined,
  server: TmuxServerReading,
  session: TmuxSessionReading,
  processes: Processes | null,
): Known {
  if (!processes) {
    const known = before?.doubt === undefined ? {} : { doubt: before.doubt }
    return { pids: before?.pids ?? [], cpuPercent: null, memoryMb: null, ...known }
  }
  const owner = processes.byPid.get(server.pid)?.uid
  if (owner !== undefined && owner !== server.uid) {
    const doubt = "Its tmux server says that it is a process of another user's."
    return { pids: [], cpuPercent: null, memoryMb: null, doubt }
  }
  const found = new Map<number, ProcessReading>()
  let doubted = false
  for (const pane of session.panePids) {
    const process = processes.byPid.get(pane)
    if (!process) continue
    if (isPane(process, server)) collect(process, processes, found)
    else doubted = true
  }
  const doubt = doubted ? { doubt: 'Its tmux server names processes that are not its own.' } : {}
  if (found.size === 0) return { pids: [], cpuPercent: null, memoryMb: null, ...doubt }
  const pids = [...found.keys()].sort((a, b) => a - b)
  let pages = 0
  for (const { rssPages } of found.values()) pages += rssPages
  return {
    pids,
    // At the first sight of the session there is nothing to compare with.
    cpuPercent: before ? processes.cpuPercent(pids, before.cpuPercent) : null,
    memoryMb: processes.pageKb === null ? null : Math.round((pages * processes.pageKb) / 102.4) / 10,
    ...doubt,
  }
}

/** A pane's process is the server's child, and its user's or, by sudo or su, root's; pids 1 and 2 are no server's. */
function isPane({ ppid, uid }: ProcessReading, server: TmuxServerReading): boolean {
  return ppid === server.pid && server.pid > 2 && (server.uid === 0 || uid === server.uid || uid === 0)
}

function collect(
  pane: ProcessReading,
  { children, bySid }: Processes,
  found: Map<number, ProcessReading>,
): void {
  const waiting = [pane, ...(bySid.get(pane.pid) ?? [])]
  for (let process = waiting.pop(); process; process = waiting.pop()) {
    if (found.has(process.pid)) continue
    found.set(process.pid, process)
    const born = children.get(process.pid)
    if (born) waiting.push(...born)
  }
}
