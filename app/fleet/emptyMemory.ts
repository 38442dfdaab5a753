import type { HostMemory } from './HostMemory.ts'

/** What is known of a host that was never polled. */
export function emptyMemory(name: string): HostMemory {
  return {
    version: 1,
    name,
    polledAt: null,
    lastSeen: null,
    status: 'offline',
    detail: 'It has not been polled yet.',
    failures: 0,
    sections: {},
    os: null,
    kernel: null,
    cpuCount: null,
    cpuPercent: null,
    load: null,
    uptimeS: null,
    bootedAt: null,
    clockOffsetMs: null,
    scope: null,
    account: null,
    memoryPercent: null,
    memoryUsedMb: null,
    memoryTotalMb: null,
    disks: [],
    hasGpu: null,
    gpus: [],
    tmux: [],
    counters: { bootId: null, uptimeS: null, stat: null, procsAtS: null, ticks: [] },
    commands: {},
  }
}

/** Takes stored text for a memory: null when it is none, or one of another shape. Unknown bytes never throw. */
export function readMemory(text: string): HostMemory | null {
  try {
    const value: unknown = JSON.parse(text)
    const known = typeof value === 'object' && value !== null && 'version' in value && value.version === 1
    // Only this program writes them, and the version changes with the shape.
    return known ? (value as HostMemory) : null
  } catch {
    return null
  }
}
