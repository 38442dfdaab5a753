import type { HostMemory } from './HostMemory.ts'

/** Below it a clock counts as right: polls and slow links make as much. */
const tolerableMs = 60_000

/** The host's clock minus ours, in ms; 0 for one that is right or unknown. */
export function clockOffset({ clockOffsetMs }: HostMemory): number {
  return clockOffsetMs === null || Math.abs(clockOffsetMs) < tolerableMs ? 0 : clockOffsetMs
}
