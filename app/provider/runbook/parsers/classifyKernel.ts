export type KernelTrouble =
  'oom' | 'hardware' | 'corrected' | 'disk' | 'hung' | 'lockup' | 'network_disk' | 'segfault'

const disk = [
  /\bI\/O error\b/i,
  /\bcritical (?:medium|target) error\b/i,
  /\bEXT4-fs error\b/,
  /\bXFS\b.*(?:corruption|metadata I\/O|shut(?:ting)? down)/i,
  /\bBTRFS (?:error|critical)\b/,
  /\bRemounting filesystem read-only/i,
  /\bnvme\S* .*(?:timeout, (?:abort|reset|disable|completion)|controller is down)/,
  /\bexception Emask\b/,
  /\bdevice offlined\b/,
  /\bDisk failure on\b/,
]

const patterns: [KernelTrouble, RegExp[]][] = [
  ['oom', [/\bKilled process \d+/i, /\bOut of memory: Kill/]],
  ['hardware', [/\bMachine Check Exception\b/i, /\bUncorrect(?:ed|able)\b.*\berror/i, /\bEDAC\b.* UE /]],
  ['corrected', [/\[Hardware Error\]/, /\bMachine check events logged/i]],
  ['network_disk', [/\bnfs: server \S+ (?:not responding|OK)/i, /\bCIFS: .*has not responded/i]],
  ['disk', disk],
  ['hung', [/\bblocked for more than \d+ seconds/]],
  [
    'lockup',
    [
      /\bsoft lockup - /i,
      /\bhard LOCKUP on /i,
      /\brcu\w* (?:self-)?detected stalls? on /i,
      /\bKernel panic - /,
      /\bOops: \d/,
      /\bBUG: unable to handle/,
    ],
  ],
  ['segfault', [/\bsegfault at\b/, /\bgeneral protection\b.* ip:/]],
]

/** Drives for floppies and discs that hold none, also where a hypervisor only pretends that there are any. */
const emptyDrive = /\b(?:dev|device) (?:fd|sr)\d/
/** Words of all kinds stand on the command line that a kernel was started with. */
const commandLine = /^(?:Kernel c|C)ommand line:/

/** What kind of trouble a kernel message tells, or null for none that this knows. */
export function classifyKernel(text: string): KernelTrouble | null {
  if (commandLine.test(text) || emptyDrive.test(text)) return null
  return patterns.find(([, some]) => some.some((pattern) => pattern.test(text)))?.[0] ?? null
}

/** The process that an OOM kill ended: `Out of memory: Killed process 123 (node) total-vm:…`. */
export function oomVictim(text: string): { pid: number; name: string } | null {
  const match = /Kill(?:ed)? process (\d+)(?:, UID \d+,)? \(([^)]*)\)/i.exec(text)
  return match ? { pid: Number(match[1]), name: match[2] ?? '' } : null
}
