import type { HostMemory } from './HostMemory.ts'

/** Whether the newest poll read this section, or some of it. */
export function wasRead(memory: HostMemory, section: string): boolean {
  const readAt = memory.sections[section]?.readAt
  return readAt !== undefined && readAt !== null && readAt === memory.polledAt
}
