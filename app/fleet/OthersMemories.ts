import type { Documents } from '#app/history/Documents.ts'
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

  forget(name: string): void {
    this.#known.delete(name)
  }

  #keep(name: string, text: string, readAt: number): void {
    const known = this.#known.get(name)
    const memory = known?.text === text ? known.memory : parseMemory(text)
    this.#known.set(name, { text, memory, readAt })
  }
}

/** Null for what is none of ours, or of another shape. */
export function parseMemory(text: string | undefined): HostMemory | null {
  if (!text) return null
  try {
    const found = JSON.parse(text) as HostMemory | null // one writer: `FleetService`
    return found?.version === 1 ? found : null
  } catch {
    return null
  }
}
