import { parseSections } from './parseSections.ts'
import { toNumber } from './toNumber.ts'

/** Used and most allowed; null where the kernel does not say. */
export interface LimitReading {
  files: { used: number; max: number } | null
  /** Processes and threads, against the smaller of pid_max and threads-max. */
  threads: { used: number; max: number } | null
  uptimeS: number | null
}

/** Reads file-nr, pid_max, threads-max, loadavg and uptime of `/proc`, labelled by `head`. */
export function parseLimits(text: string): LimitReading {
  const sections = parseSections(text)
  const fields = (path: string) =>
    sections
      .find((section) => section.path === path)
      ?.lines[0]?.trim()
      .split(/\s+/) ?? []
  const [opened, , mostFiles] = fields('/proc/sys/fs/file-nr').map(toNumber)
  const running = toNumber(fields('/proc/loadavg')[3]?.split('/')[1])
  const most = ['pid_max', 'threads-max']
    .map((name) => toNumber(fields(`/proc/sys/kernel/${name}`)[0]) ?? 0)
    .filter((one) => one > 0)
  return {
    files: opened != null && mostFiles != null && mostFiles > 0 ? { used: opened, max: mostFiles } : null,
    threads: running !== null && most.length > 0 ? { used: running, max: Math.min(...most) } : null,
    uptimeS: toNumber(fields('/proc/uptime')[0]),
  }
}
