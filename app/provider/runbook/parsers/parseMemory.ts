import { toNumber } from './toNumber.ts'

/** Sizes in kB (1,024 bytes); null where the kernel does not say. */
export interface MemoryReading {
  totalKb: number | null
  /** What programs can get without swapping; null on kernels before 3.14. */
  availableKb: number | null
  swapTotalKb: number | null
  swapFreeKb: number | null
  /** Pages swapped in and out between the two samples. */
  swapPages: number | null
}

/** Reads `/proc/meminfo` once and `pswpin`, `pswpout` of `/proc/vmstat` twice. */
export function parseMemory(text: string): MemoryReading {
  const kb = (name: string) => toNumber(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
  return {
    totalKb: kb('MemTotal'),
    availableKb: kb('MemAvailable'),
    swapTotalKb: kb('SwapTotal'),
    swapFreeKb: kb('SwapFree'),
    swapPages: sum(growth(text, 'pswpin'), growth(text, 'pswpout')),
  }
}

function growth(text: string, name: string): number | null {
  const [first, second] = [...text.matchAll(new RegExp(`^${name} (\\d+)$`, 'gm'))].map((match) =>
    Number(match[1]),
  )
  return first === undefined || second === undefined || second < first ? null : second - first
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
