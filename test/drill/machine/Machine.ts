/** A throw-away machine with a real sshd. Everything but SSH here is out of band: the agent neither sees nor uses it. */
export interface Machine {
  port: number
  user: 'root'
  /** `ssh-ed25519 AAAA…` */
  hostKey: string
  keyFile: string
  /** What is thinner here than it should be, for want of rights or devices: a sentence each. */
  standIns: string[]
  /** A file's content; null where there is none. */
  read(path: string): string | null
  /** Writes a file, with its folders. */
  write(path: string, content: string, mode?: number): void
  /** Runs a shell line in the machine as root, on the machine's own clock. */
  run(line: string): Promise<MachineRun>
  /** `run`, for what must succeed: its stdout. */
  ask(line: string): Promise<string>
  /** The lines that came over SSH, oldest first. */
  commands(): string[]
  /** From now on its sshd answers no new connection for as long as `isFrozen` says so. */
  freezeWhile(isFrozen: () => boolean): void
  /** Ends every process in it and removes all of it. */
  stop(): Promise<void>
}

export interface MachineRun {
  code: number | null
  stdout: string
  stderr: string
}

export interface MachineOptions {
  /** Of the root filesystem, in MB. */
  sizeMb?: number
  /** Whether root in there may mount: only where the repair is a remount. */
  mayMount?: boolean
  /** Whether /srv is a small ext4 with few inodes. */
  fewInodes?: boolean
  /** Seconds by which its clock is wrong. */
  clockOffsetS?: number
}
