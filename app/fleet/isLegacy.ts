import type { TmuxMemory } from './HostMemory.ts'

/**
 * Whether nobody was attached to it for so long that it was probably forgotten, as of when it was last read: while
 * its host is away nobody knows who attaches.
 */
export function isLegacy(session: TmuxMemory, legacyAfterMs: number): boolean {
  return session.clients === 0 && session.readAt - session.lastSeenAttached >= legacyAfterMs
}
