import type { HostMemory, TmuxMemory } from '../HostMemory.ts'
import type { Poll } from '../poll/Poll.ts'
import { clockOffset } from '../clockOffset.ts'
import type { Processes } from './foldProcesses.ts'
import type { Readings } from './readSections.ts'
import { sessionProcesses } from './sessionProcesses.ts'
import { tmuxId } from '../tmuxId.ts'
import type { TmuxReading, TmuxServerReading, TmuxSessionReading } from '../probe/readTmux.ts'

/** For so long the clock of a tmux session that is listed no more is kept: ids never come again, so it is this one's. */
const goneMs = 7 * 86_400_000
const maxGone = 500

/**
 * Into `memory`: the tmux sessions that there are now. Those of a server that could not be read stay as they were;
 * what is gone is dropped.
 */
export function foldTmux(
  memory: HostMemory,
  readings: Readings,
  processes: Processes | null,
  poll: Poll,
): void {
  // None outlives a boot.
  const before = memory.rebootedAt === poll.endedAt ? [] : memory.tmux
  const { tmux } = readings
  if (!tmux) {
    memory.tmux = readings.whole && !readings.present.includes('tmux') ? [] : before
    return
  }
  const known = new Map(before.map((session) => [session.id, session]))
  const sessions = new Map<string, TmuxMemory>()
  for (const server of tmux.servers) {
    for (const reading of server.sessions) {
      const { uid, pid: serverPid } = server
      const { number, created } = reading
      const id = tmuxId({ host: memory.name, uid, serverPid, number, created })
      sessions.set(id, foldSession(known.get(id), { id, server, reading }, memory, processes, poll.endedAt))
    }
  }
  const all = readings.cut.has('tmux') || (readings.failures.has('tmux') && tmux.errors.length === 0)
  const gone: TmuxMemory[] = []
  for (const session of before) {
    if (sessions.has(session.id)) continue
    if (all || isOfUnread(session, tmux)) sessions.set(session.id, session)
    else gone.push(session)
  }
  memory.tmux = [...sessions.values()]
  const clocks = foldGone(memory.gone, gone, poll.endedAt)
  if (clocks) memory.gone = clocks
  else delete memory.gone
}

/** By id, what must be known of a tmux session that is not listed any more, should that have been a mistake. */
function foldGone(before: HostMemory['gone'], sessions: TmuxMemory[], now: number): HostMemory['gone'] {
  const old = before && Object.values(before).some(({ at }) => now - at >= goneMs)
  if (sessions.length === 0 && !old) return before
  const all = Object.entries(before ?? {}).filter(([, { at }]) => now - at < goneMs)
  for (const { id, lastSeenAttached } of sessions) all.push([id, { lastSeenAttached, at: now }])
  return all.length === 0 ? undefined : Object.fromEntries(all.slice(-maxGone))
}

function isOfUnread({ uid, serverPid }: TmuxMemory, { errors, servers }: TmuxReading): boolean {
  return (
    errors.some((error) => error.uid === uid) &&
    !servers.some((server) => server.uid === uid && server.pid === serverPid)
  )
}

interface Found {
  id: string
  server: TmuxServerReading
  reading: TmuxSessionReading
}

function foldSession(
  before: TmuxMemory | undefined,
  { id, server, reading }: Found,
  memory: HostMemory,
  processes: Processes | null,
  now: number,
): TmuxMemory {
  const offset = clockOffset(memory)
  const ours = (seconds: number) => Math.min(now, seconds * 1000 - offset)
  const said = { attached: reading.lastAttached, activity: reading.activity, output: reading.windowActivity }
  const changed = (key: keyof typeof said) => said[key] !== null && said[key] !== before?.said[key]
  const created = before?.created ?? ours(reading.created)
  const lastAttached = changed('attached') ? ours(said.attached ?? 0) : (before?.lastAttached ?? null)
  const outputAt = said.output ?? said.activity ?? reading.created
  const sameOutput = before && outputAt === (before.said.output ?? before.said.activity ?? before.hostCreated)
  let lastSeenAttached =
    before?.lastSeenAttached ??
    Math.max(created, memory.bootedAt ?? 0, memory.gone?.[id]?.lastSeenAttached ?? 0)
  if (changed('attached')) lastSeenAttached = Math.max(lastSeenAttached, ours(said.attached ?? 0))
  // An attach, or a key press of who is attached; not output.
  if (changed('activity')) lastSeenAttached = Math.max(lastSeenAttached, ours(said.activity ?? 0))
  if (reading.clients > 0) lastSeenAttached = now
  return {
    id,
    uid: server.uid,
    user: server.user,
    serverPid: server.pid,
    socket: server.socket,
    number: reading.number,
    name: reading.name,
    hostCreated: reading.created,
    created,
    lastAttached,
    said,
    lastActivity: sameOutput ? before.lastActivity : ours(outputAt),
    lastSeenAttached: Math.min(lastSeenAttached, now),
    clients: reading.clients,
    windowCount: reading.windows,
    readAt: now,
    ...sessionProcesses(before, server, reading, processes),
    // The join with GPU processes comes later.
    gpuMemoryMb: null,
    gpus: [],
  }
}
