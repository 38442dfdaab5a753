import type { Counters, HostMemory } from '../HostMemory.ts'
import type { Readings } from './readSections.ts'
import type { ProcessReading } from '../probe/readProcs.ts'

export interface Processes {
  byPid: Map<number, ProcessReading>
  /** By the parent's pid. */
  children: Map<number, ProcessReading[]>
  /** By the leader's pid; orphans that a pane left behind keep its SID. */
  bySid: Map<number, ProcessReading[]>
  /** Of these together, in percent of all cores, since the last reading; `last` is what it was then. */
  cpuPercent: (pids: readonly number[], last: number | null) => number | null
  pageKb: number | null
}

/** Two polls that nearly met say nothing: a tick is 10 ms. */
const leastElapsedS = 0.5

/** The processes of the newest answer, and into `memory` their ticks; null when they were not read. */
export function foldProcesses(memory: HostMemory, { procs, procsAfterMs, host }: Readings): Processes | null {
  if (!procs) return null
  const children = new Map<number, ProcessReading[]>()
  const bySid = new Map<number, ProcessReading[]>()
  const ticks: number[] = []
  for (const process of procs.processes.values()) {
    add(children, process.ppid, process)
    add(bySid, process.sid, process)
    ticks.push(process.pid, process.start, process.ticks)
  }
  const known = { byPid: procs.processes, children, bySid, pageKb: host?.pageKb ?? null }
  const last = memory.counters
  const atS = host?.uptimeS == null ? null : host.uptimeS + procsAfterMs / 1000
  const elapsedS = atS !== null && last.procsAtS !== null ? atS - last.procsAtS : null
  if (elapsedS !== null && elapsedS >= 0 && elapsedS < leastElapsedS) {
    return { ...known, cpuPercent: (_pids, percent) => percent }
  }
  memory.counters = { ...last, procsAtS: atS, ticks }
  const clockTicks = host?.clockTicks ?? null
  const cpus = host?.cpus ?? null
  if (atS === null || elapsedS === null || elapsedS < 0 || clockTicks === null || cpus === null) {
    return { ...known, cpuPercent: () => null }
  }
  const before = new Map<number, number>()
  for (let place = 0; place < last.ticks.length; place += 3) before.set(last.ticks[place] ?? 0, place)
  return {
    ...known,
    cpuPercent(pids) {
      let spent = 0
      for (const pid of pids) {
        const process = procs.processes.get(pid)
        if (!process) continue
        const place = before.get(pid)
        const goesOn = place !== undefined && last.ticks[place + 1] === process.start
        spent += goesOn
          ? Math.max(0, process.ticks - (last.ticks[place + 2] ?? 0))
          : spentByNew(last, process, clockTicks, atS)
      }
      return Math.min(100, Math.round((1000 * spent) / (elapsedS * clockTicks * cpus)) / 10)
    },
  }
}

/** What a process is: pids come again, with another start. */
export function keyOf({ pid, start }: ProcessReading): string {
  return `${pid}.${start}`
}

function add(map: Map<number, ProcessReading[]>, key: number, process: ProcessReading): void {
  const list = map.get(key)
  if (list) list.push(process)
  else map.set(key, [process])
}

/**
 * Ticks of one that was not seen at the last reading: it counts from its own start if it began after it; an older one
 * has no figure to begin from. (In a container starts may be on another clock than uptime: one in the future is on
 * none of ours.)
 */
function spentByNew(last: Counters, process: ProcessReading, clockTicks: number, nowS: number): number {
  const startS = process.start / clockTicks
  return startS >= (last.procsAtS ?? 0) && startS <= nowS + 60 ? process.ticks : 0
}
