import { LineCursor } from './LineCursor.ts'

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
      const cursor = new LineCursor(line, 4)
      const pid = cursor.count()
      cursor.word()
      const user = cursor.word()
      if (cursor.failed) reading.unread++
      else reading.commands.set(pid, { user, command: cursor.rest() })
    } else if (line !== '' && !line.startsWith('error ') && !line.startsWith('hung ')) reading.unread++
  }
  return reading
}

function readProcess(line: string): ProcessReading | null {
  const cursor = new LineCursor(line, 5)
  const process = {
    pid: cursor.count(),
    ppid: cursor.count(),
    sid: cursor.count(),
    uid: cursor.count(),
    ticks: cursor.count(),
    start: cursor.count(),
    rssPages: cursor.count(),
    name: cursor.rest(),
  }
  return cursor.failed ? null : process
}
