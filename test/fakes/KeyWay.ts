import type { KeyKit } from './keyKit.ts'
import type { SshRun } from './sshAttempts.ts'

export interface KeyWay {
  name: string
  /** What is done, by whoever holds alpha's key. */
  attempt: (kit: KeyKit) => Promise<SshRun>
  /** `refused` by the forced command, or what the client says. */
  end: 'refused' | RegExp
}

/** A file that no attempt may bring about on the host. */
export const canary = '/tmp/canary'
