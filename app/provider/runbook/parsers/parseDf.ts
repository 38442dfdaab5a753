import { linesOf } from './linesOf.ts'

export interface DfRow {
  device: string
  path: string
  /** Blocks of 1,024 bytes, or inodes with `df -i`. */
  total: number
  used: number
  available: number
  /** As `df` prints it; null for `-`. */
  usedPercent: number | null
}

/**
 * Reads the rows of `df -P` and `df -Pi` (GNU, busybox). The header is not looked at: the locale may translate
 * it. Device and path may hold spaces; a long device may push its figures to the next line.
 */
export function parseDf(text: string): DfRow[] {
  const rows = new Map<string, DfRow>()
  let carried = ''
  for (const line of linesOf(text)) {
    const match =
      rowPattern.exec(carried === '' ? line : `${carried} ${line.trim()}`) ?? rowPattern.exec(line)
    carried = match === null && /^\S+$/.test(line) ? line : ''
    if (!match) continue
    const [, device = '', total, used, available, percent = '', path = ''] = match
    rows.set(path, {
      device,
      path,
      total: Number(total),
      used: Number(used),
      available: Number(available),
      usedPercent: percent === '-' ? null : Number(percent.slice(0, -1)),
    })
  }
  return [...rows.values()]
}

const rowPattern = /^(\S.*?)\s+(\d+)\s+(-?\d+)\s+(-?\d+)\s+(\d+%|-)\s+(\/.*)$/

/** The paths that `df` could not ask, with what it said: `df: /mnt/nas: Stale file handle`. */
export function parseDfErrors(stderr: string): { path: string; message: string }[] {
  return linesOf(stderr).flatMap((line) => {
    const match = /^(?:\S*\/)?df: [‘'"]?(\/[^:]*?)[’'"]?: (.+)$/.exec(line.trim())
    return match ? [{ path: match[1] ?? '', message: match[2] ?? '' }] : []
  })
}
