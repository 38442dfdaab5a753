/** What proves who we are: a private key in a file, the same as text, or an SSH agent's socket. */
export type SshKey = { file: string } | { privateKey: string } | { agent: string }

/** An account on a machine that is reached over SSH. */
export interface SshDestination {
  /** The name that operators know: a target or a hypervisor. */
  name: string
  host: string
  port: number
  user: string
  /** Pinned host keys, each `ssh-ed25519 AAAA…`; several, so that a rebuild can be planned. None: every connection is refused. */
  hostKeys: string[]
  key: SshKey
}

/** How failures name a destination. */
export function address({ user, host, port }: SshDestination): string {
  return `${user}@${host} port ${port}`
}
