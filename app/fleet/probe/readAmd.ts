import type { GpusReading } from './GpuReading.ts'

/** The section `amd`. */
export function readAmd(lines: readonly string[]): GpusReading {
  return { gpus: [], lost: [], suspended: [], said: lines.slice(0, 3), unread: 0, complete: false }
}
