import type { Disk, Gpu, HostStatus } from '#app/schema/fleet.ts'

/** One part of the probe's answer: when it was last read, and why it was not in the newest poll. */
export interface SectionMemory {
  ok: boolean
  /** By our clock; equal to `polledAt` when the newest poll read it, or some of it. */
  readAt: number | null
  error?: string
}

export interface GpuMemory extends Gpu {
  /** By our clock; older than `polledAt` while it could not be asked for. */
  readAt: number
  /** Since when it is not listed any more. */
  missingSince?: number
}

export interface TmuxMemory {
  id: string
  uid: number
  user: string
  serverPid: number
  /** Null for the account's default socket. */
  socket: string | null
  /** The digits of tmux's `$N`. */
  number: number
  name: string
  /** As tmux says it, in seconds by the host's clock: part of the identity. */
  hostCreated: number
  created: number
  lastAttached: number | null
  /** The last output in any of its windows. */
  lastActivity: number
  /** Times as tmux said them last, in seconds: only what changes is converted to our clock. */
  said: { attached: number | null; activity: number | null; output: number | null }
  /** The legacy clock: when somebody was last seen attached, or must have been. */
  lastSeenAttached: number
  clients: number
  windowCount: number
  /** By our clock; older than `polledAt` while its server could not be read. */
  readAt: number
  pids: number[]
  /** Why its processes are not known, where the server's word on them is not believed. */
  doubt?: string
  cpuPercent: number | null
  memoryMb: number | null
  gpuMemoryMb: number | null
  gpus: { uuid: string; memoryMb: number | null }[]
}

/** Counters that the next poll is compared with; of no use across a boot. */
export interface Counters {
  bootId: string | null
  uptimeS: number | null
  /** The first eight fields of `cpu` in /proc/stat. */
  stat: number[] | null
  /** When processes were read, on the host's uptime clock. */
  procsAtS: number | null
  /** Of every process, one after the other: pid, start, ticks. */
  ticks: number[]
}

/**
 * What is known of one host between polls, as JSON: what the next poll is compared with, and what screens show
 * meanwhile. It outlives this process and moves with the host to another replica. Times are ms since 1970 by our
 * clock where nothing else is said.
 */
export interface HostMemory {
  /** Changes when the shape does; an older one counts as none. */
  version: 1
  name: string
  /** What `placeOf` says of the machine that answered; another one under this name has nothing of it. */
  place?: string
  /** When it was last tried; null when it never was. */
  polledAt: number | null
  /** When it last answered. */
  lastSeen: number | null
  status: HostStatus
  detail?: string
  failedLeg?: string
  /** Polls in a row that did not reach it. */
  failures: number
  /** Set by the poller: how often it is polled now, and when again where that is later than usual. */
  intervalMs?: number
  nextPollAt?: number
  sections: Record<string, SectionMemory>
  os: string | null
  kernel: string | null
  cpuCount: number | null
  cpuPercent: number | null
  load: [number, number, number] | null
  uptimeS: number | null
  bootedAt: number | null
  rebootedAt?: number
  /** The host's clock minus ours, in ms; held while it wobbles by what a poll takes. */
  clockOffsetMs: number | null
  scope: 'all' | 'own' | null
  /** The account that the probe signs in as; nobody is offered to attach as it. */
  account: string | null
  memoryPercent: number | null
  memoryUsedMb: number | null
  memoryTotalMb: number | null
  disks: Disk[]
  hasGpu: boolean | null
  gpus: GpuMemory[]
  tmux: TmuxMemory[]
  /** The legacy clock of tmux sessions that are not listed any more, by id, and since when. */
  gone?: Record<string, { lastSeenAttached: number; at: number }>
  counters: Counters
  /** Of GPU processes by `PID.STARTTIME`, without secrets and cut, so that they are looked at only once. */
  commands: Record<string, string>
}
