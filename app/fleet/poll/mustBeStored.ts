import type { HostMemory } from '../HostMemory.ts'

/** What must not be forgotten with this process: who was there, and when. */
export function mustBeStored(before: HostMemory, after: HostMemory): boolean {
  return (
    before.status !== after.status ||
    before.rebootedAt !== after.rebootedAt ||
    before.tmux.length !== after.tmux.length ||
    after.tmux.some(({ id, clients }, index) => {
      const session = before.tmux[index]
      return session?.id !== id || session.clients !== clients
    })
  )
}
