import { linesOf } from './linesOf.ts'

/** A control group with a memory limit of its own. Bytes. */
export interface CgroupMemory {
  /** Below `/sys/fs/cgroup`. */
  path: string
  limit: number
  /** Memory that cannot be dropped: not the page cache, which fills every limit on a healthy machine. */
  used: number
}

/**
 * Reads what `grep -r` finds in `memory.max` and `memory.stat` (cgroup v2) or `memory.limit_in_bytes` and
 * `memory.stat` (v1): `FILE:NUMBER`, `FILE:anon NUMBER`, `FILE:total_rss NUMBER`.
 */
export function parseCgroups(text: string): CgroupMemory[] {
  const limits = new Map<string, number>()
  const used = new Map<string, number>()
  for (const line of linesOf(text)) {
    const match =
      /^\/sys\/fs\/cgroup\/(.*?)\/?(memory\.max|memory\.limit_in_bytes|memory\.stat):(?:(?:anon|total_rss) )?(\d+)$/.exec(
        line,
      )
    if (!match) continue
    const [, path = '', file, bytes] = match
    if (file === 'memory.stat') used.set(path, Number(bytes))
    else if (Number(bytes) < unlimited) limits.set(path, Number(bytes))
  }
  return [...limits].flatMap(([path, limit]) => {
    const now = used.get(path)
    return now === undefined || limit === 0 ? [] : [{ path: path === '' ? '/' : path, limit, used: now }]
  })
}

/** v1 writes "no limit" as 2^63 less a page. */
const unlimited = 2 ** 62
