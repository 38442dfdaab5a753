export type KernelTrouble = 'oom' | 'hardware' | 'disk' | 'hung' | 'lockup' | 'network_disk' | 'segfault'

const patterns: [KernelTrouble, RegExp][] = [
  ['oom', /\b(Killed process \d+|Out of memory: Kill)/i],
  [
    'hardware',
    /\b(mce: \[Hardware Error\]|Machine check|Uncorrected error|UE memory|uncorrectable.*memory)/i,
  ],
  [
    'network_disk',
    /\b(nfs: server \S+ not responding(?!.*OK)|CIFS.*(has not responded|cifs_.*error)|ceph.*(socket closed|timeout))/i,
  ],
  [
    'disk',
    /(\bI\/O error\b|critical (medium|target) error|EXT4-fs error|XFS.*(corruption|metadata I\/O|Shutting down|shut down)|BTRFS (error|critical)|Remounting filesystem read-only|nvme\S*:? .*(timeout|controller is down)|exception Emask|device offlined|md\S*: Disk failure)/i,
  ],
  ['hung', /\bblocked for more than \d+ seconds/i],
  [
    'lockup',
    /\b(soft lockup|hard LOCKUP|rcu.*(stall|self-detected)|Kernel panic|Oops:|BUG: unable to handle)/i,
  ],
  ['segfault', /\bsegfault at\b|\bgeneral protection (fault )?ip:/i],
]

/** What kind of trouble a kernel message tells, or null for none that this knows. */
export function classifyKernel(text: string): KernelTrouble | null {
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? null
}

/** The process that an OOM kill ended: `Out of memory: Killed process 123 (node) total-vm:…`. */
export function oomVictim(text: string): { pid: number; name: string } | null {
  const match = /Kill(?:ed)? process (\d+)(?:,? (?:UID \d+,? )?)? ?\(([^)]*)\)/i.exec(text)
  return match ? { pid: Number(match[1]), name: match[2] ?? '' } : null
}
