import type { Disk } from '#app/schema/fleet.ts'
import { ownText } from './ownText.ts'
import { readNumber } from './readNumber.ts'

/**
 * `df -Pk`: sizes in KiB. Names of file systems and mount points may hold blanks, so a line is read from its `N%` on.
 * What has no size (`-`, 0) is no disk. Used is as df counts it: of what ordinary users can have.
 */
export function readDisks(lines: readonly string[]): Disk[] {
  const disks: Disk[] = []
  for (const line of lines) {
    const disk = readDisk(line)
    if (disk) disks.push(disk)
  }
  return disks
}

function readDisk(line: string): Disk | null {
  const percent = line.indexOf('% ')
  const mount = line.indexOf('/', percent)
  if (percent < 0 || mount < 0) return null
  const columns = line
    .slice(0, percent)
    .split(' ')
    .filter((column) => column !== '')
  if (columns.length < 5) return null
  const [size, used, available] = columns.slice(-4, -1).map(readNumber)
  if (size == null || used == null || available == null || size <= 0 || used < 0) return null
  // Negative when root has taken of what is reserved.
  const usable = used + Math.max(0, available)
  return {
    mount: ownText(line.slice(mount)),
    used_mb: round(used / 1024),
    total_mb: round(size / 1024),
    used_percent: usable === 0 ? 0 : round((100 * used) / usable),
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
