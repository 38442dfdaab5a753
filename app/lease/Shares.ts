/** What is divided among the replicas: each name belongs to one of so many shards. */
export const shardCount = 64

/** The same on every replica, whatever its version. */
export function shardOf(name: string): number {
  // FNV-1a.
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash % shardCount
}

export interface SharesListener {
  /** What this replica owns has changed. */
  onChange(): void
  /** Somebody asks the owner of these names for something. */
  onAsk(what: string, names: string[]): void
}

/** Who does what of work that must be done once: hosts that are polled. */
export interface Shares {
  /** Whether others may want to know what this replica knows. */
  readonly shared: boolean
  /** Takes part from now on. */
  start(listener: SharesListener): void
  /** Whether this replica does it now. */
  owns(name: string): boolean
  /** The same, and it is known: where nobody can be asked another may have taken over meanwhile. */
  confirms(name: string): boolean
  /** Tells whoever owns these names; lost where nobody can be told now. */
  ask(what: string, names: string[]): void
  /** Lets go of everything at once, so that others take it. */
  stop(): Promise<void>
}
