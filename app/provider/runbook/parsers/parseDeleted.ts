import { linesOf } from './linesOf.ts'

/** A file without a name whose space comes back only when its process closes it. */
export interface DeletedFile {
  name: string
  pid: number
  process: string
  bytes: number
  device: string
}

/** Reads `lsof -nP +L1`; each file once, however many processes hold it, largest first. */
export function parseDeleted(text: string): DeletedFile[] {
  const files = new Map<string, DeletedFile>()
  for (const line of linesOf(text)) {
    const match =
      /^(\S+)\s+(\d+)\s+(?:\d+\s+)?\S+\s+\d+\S*\s+REG\s+(\S+)\s+(\d+)\s+0\s+(\d+)\s+(\/.*?)(?: \(deleted\))?$/.exec(
        line,
      )
    if (!match) continue
    const [, process = '', pid, device = '', bytes, node, name = ''] = match
    // Memory that programs share by name is not space on a disk.
    if (/^\/(memfd:|dev\/shm\/|SYSV|dev\/zero|\[aio\])/.test(name)) continue
    files.set(`${device} ${node}`, { process, pid: Number(pid), device, bytes: Number(bytes), name })
  }
  return [...files.values()].sort((a, b) => b.bytes - a.bytes)
}
