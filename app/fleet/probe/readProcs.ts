import { readCount } from './readNumber.ts'
import { splitFields } from './splitFields.ts'

export interface ProcessReading {
  pid: number
  ppid: number
  sid: number
  uid: number
  ticks: number
  start: number
  rssPages: number
  name: string
}

export interface ProcsReading {
  processes: Map<number, ProcessReading>
  /** By pid, only of GPU processes. */
  commands: Map<number, { user: string; command: string }>
  unread: number
}

/** The section `procs`. */
export function readProcs(lines: readonly string[]): ProcsReading {
  const reading: ProcsReading = { processes: new Map(), commands: new Map(), unread: 0 }
  for (const line of lines) {
    if (line.startsWith('proc ')) {
      const process = readProcess(line)
      if (process) reading.processes.set(process.pid, process)
      else reading.unread++
    } else if (line.startsWith('cmd ')) {
      const [, pidText, , user, command] = splitFields(line, 4) ?? []
      const pid = readCount(pidText)
      if (pid !== null && user !== undefined && command !== undefined)
        reading.commands.set(pid, { user, command })
      else reading.unread++
    } else if (line !== '' && !line.startsWith('error ') && !line.startsWith('hung ')) reading.unread++
  }
  return reading
}

function readProcess(line: string): ProcessReading | null {
  const fields = splitFields(line, 8)
  if (!fields) return null
  const [pid, ppid, sid, uid, ticks, start, rssPages] = fields.slice(1, 8).map(readCount)
  if (pid == null || ppid == null || sid == null || uid == null) return null
  if (ticks == null || start == null || rssPages == null) return null
  return { pid, ppid, sid, uid, ticks, start, rssPages, name: fields[8] ?? '' }
}
