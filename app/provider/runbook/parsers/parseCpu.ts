import { linesOf } from './linesOf.ts'
import { toNumber } from './toNumber.ts'

export interface CpuReading {
  /** Shares of the time between the two samples, 0…100; null with fewer than two, or when counters ran backwards. */
  busyPercent: number | null
  iowaitPercent: number | null
  stealPercent: number | null
  cores: number | null
  /** Averages over 1, 5 and 15 minutes. */
  load: [number, number, number] | null
}

interface Sample {
  total: number
  idle: number
  iowait: number | null
  steal: number | null
}

/**
 * Reads the lines `cpu…` of `/proc/stat` twice and `/proc/loadavg` once. The first line `cpu` counts since
 * boot: only the difference of two says what is true now. Total = the first eight fields (guest time is in
 * them already), idle = idle + iowait (proc(5)).
 */
export function parseCpu(text: string): CpuReading {
  const lines = linesOf(text).map((line) => line.trim())
  const [first, second] = lines.filter((line) => /^cpu\s/.test(line)).map(parseSample)
  const cores = new Set(lines.flatMap((line) => /^(cpu\d+)\s/.exec(line)?.[1] ?? [])).size
  const share = (field: keyof Sample): number | null => {
    const [a, b] = [first?.[field] ?? null, second?.[field] ?? null]
    if (!first || !second || a === null || b === null) return null
    const total = second.total - first.total
    return total > 0 && b >= a ? Math.min(100, ((b - a) / total) * 100) : null
  }
  const idle = share('idle')
  return {
    busyPercent: idle === null ? null : 100 - idle,
    iowaitPercent: share('iowait'),
    stealPercent: share('steal'),
    cores: cores > 0 ? cores : null,
    load: parseLoad(lines),
  }
}

function parseSample(line: string): Sample | null {
  const fields = line.split(/\s+/).slice(1, 9).map(toNumber)
  const [, , , idle, iowait = null, , , steal = null] = fields
  if (idle === null || idle === undefined || fields.includes(null)) return null
  return {
    total: fields.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    idle: idle + (iowait ?? 0),
    iowait,
    steal,
  }
}

function parseLoad(lines: string[]): [number, number, number] | null {
  for (const line of lines) {
    const match = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) \d+\/\d+ \d+$/.exec(line)
    if (match) return [Number(match[1]), Number(match[2]), Number(match[3])]
  }
  return null
}
