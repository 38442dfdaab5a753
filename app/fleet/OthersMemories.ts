import type { Documents } from '#app/history/Documents.ts'
import { readMemory } from './emptyMemory.ts'
import type { HostMemory } from './HostMemory.ts'

export const hostKind = 'host'
/** How old what others know may be when it is told. */
const freshMs = 2_000

interface Known {
  text: string
  memory: HostMemory | null
  readAt: number
}

/** What other replicas know of the hosts that they poll, as they last stored it. */
export class OthersMemories {
  readonly #documents: Documents
  readonly #known = new Map<string, Known>()

  constructor(documents: Documents) {
    this.#documents = documents
  }

  /** While the store is away, what was read of it last. */
  async read(names: string[]): Promise<Map<string, HostMemory | null>> {
    const now = performance.now()
    const old = names.filter((name) => now - (this.#known.get(name)?.readAt ?? -Infinity) > freshMs)
    if (old.length > 0) {
      const found = await this.#documents.read(hostKind, old).catch(() => null)
      if (found) for (const name of old) this.#keep(name, found.get(name) ?? '', now)
    }
    return new Map(
      names.flatMap((name) => {
        const known = this.#known.get(name)
        return known ? [[name, known.memory] as const] : []
      }),
    )
  }

  /** A host that is no more, or that this process polls itself from now on. */
  forget(name: string): void {
    this.#known.delete(name)
  }

  #keep(name: string, text: string, readAt: number): void {
    const known = this.#known.get(name)
    const memory = known?.text === text ? known.memory : readMemory(text)
    this.#known.set(name, { text, memory, readAt })
  }
}
