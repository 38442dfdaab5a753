import { readCount } from './readNumber.ts'

export interface MemoryReading {
  percent: number | null
  usedMb: number | null
  totalMb: number | null
}

/** Lines of /proc/meminfo. Used is what is not available to a new program; kernels before 3.14 do not say it. */
export function readMemorySection(lines: readonly string[]): MemoryReading {
  let total: number | null = null
  let available: number | null = null
  for (const line of lines) {
    if (line.startsWith('MemTotal:')) total = kilobytes(line)
    else if (line.startsWith('MemAvailable:')) available = kilobytes(line)
  }
  if (total === 0) total = null
  const totalMb = total === null ? null : round(total / 1024)
  if (total === null || available === null) return { percent: null, usedMb: null, totalMb }
  const used = Math.max(0, total - available)
  return { percent: round((100 * used) / total), usedMb: round(used / 1024), totalMb }
}

function kilobytes(line: string): number | null {
  const value = line.slice(line.indexOf(':') + 1).trim()
  return value.endsWith(' kB') ? readCount(value.slice(0, -3)) : readCount(value)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
