import { linesOf } from './linesOf.ts'

export interface Process {
  pid: number
  ppid: number
  user: string
  state: string
  /** Processor time so far, seconds; null where `ps` cannot tell. */
  cpuS: number | null
  /** Age, seconds. */
  ageS: number | null
  rssKb: number
  name: string
}

type Again = Pick<Process, 'pid' | 'state' | 'cpuS'>

export interface ProcessReading {
  processes: Process[]
  /** pid → state and processor time in a second sample, a second later; empty when there was none. */
  later: Map<number, Again>
}

/**
 * Reads `ps -o pid,ppid,user,stat,time,etime,rss,comm` (procps, busybox), or without time and etime (small
 * builds of busybox), then a second sample `ps -o pid,stat,time`. Lines are told apart by their shape, never
 * by the words of a header, which the locale may translate.
 */
export function parseProcesses(text: string): ProcessReading {
  const processes = new Map<number, Process>()
  const later: ProcessReading['later'] = new Map()
  for (const line of linesOf(text)) {
    const process = parseProcess(line)
    const again = process && processes.has(process.pid) ? process : parseAgain(line)
    if (again) later.set(again.pid, again)
    else if (process) processes.set(process.pid, process)
  }
  return { processes: [...processes.values()], later }
}

function parseProcess(line: string): Process | null {
  const match =
    /^\s*(\d+)\s+(\d+)\s+(\S+)\s+([A-Z]\S*(?: [<N])?)\s+(?:(\d[\d:hd-]{2,15})\s+(\d[\d:hd-]{2,15})\s+)?(\d+[kmgt]?)\s+(\S.*)$/.exec(
      line,
    )
  if (!match) return null
  const [, pid, ppid, user = '', state = '', time, etime, rss = '', name = ''] = match
  return {
    pid: Number(pid),
    ppid: Number(ppid),
    user,
    state,
    cpuS: parseTime(time),
    ageS: parseTime(etime),
    rssKb: parseSize(rss),
    name: name.trim(),
  }
}

function parseAgain(line: string): Again | null {
  const match = /^\s*(\d+)\s+([A-Z]\S*(?: [<N])?)(?:\s+(\S+))?\s*$/.exec(line)
  return match && { pid: Number(match[1]), state: match[2] ?? '', cpuS: parseTime(match[3]) }
}

/** `[DD-]HH:MM:SS` and `MM:SS` (procps), `3h25` and `1d10` (busybox): seconds, or null. */
export function parseTime(text: string | undefined): number | null {
  const clock = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)$/.exec(text ?? '')
  if (clock) {
    const [, days = '0', hours = '0', minutes, seconds] = clock
    return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  }
  const short = /^(\d+)([hd])(\d\d)$/.exec(text ?? '')
  if (!short) return null
  const [, large, unit, small] = short
  return unit === 'h'
    ? Number(large) * 3600 + Number(small) * 60
    : Number(large) * 86_400 + Number(small) * 3600
}

/** kB; busybox shortens large ones to `12m`. */
function parseSize(text: string): number {
  const factor = { k: 1, m: 1024, g: 1024 ** 2, t: 1024 ** 3 }[text.slice(-1)]
  return factor === undefined ? Number(text) : Number(text.slice(0, -1)) * factor
}
