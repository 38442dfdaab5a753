import { AppError } from '#app/errors.ts'
import type { Documents } from '#app/history/Documents.ts'

export interface MemoryDocuments {
  documents: Documents
  /** While true, a reader is told so and what is written waits for `back`. */
  away: boolean
  back(): void
  /** By kind and name. */
  kept: Map<string, Map<string, string>>
  writes: number
}

/** Documents that processes share, in memory. */
export function memoryDocuments(): MemoryDocuments {
  const kept = new Map<string, Map<string, string>>()
  let waiting: [kind: string, name: string, text: string | null][] = []
  const write = (kind: string, name: string, text: string | null) => {
    const all = kept.get(kind) ?? new Map<string, string>()
    kept.set(kind, all)
    if (text === null) all.delete(name)
    else all.set(name, text)
  }
  const self: MemoryDocuments = {
    away: false,
    kept,
    writes: 0,
    documents: {
      put(kind, name, text) {
        self.writes++
        if (self.away) waiting.push([kind, name, text])
        else write(kind, name, text)
      },
      async read(kind, names) {
        if (self.away) throw new AppError('log_unavailable', 'Away.')
        const all = kept.get(kind) ?? new Map<string, string>()
        return new Map([...all].filter(([name]) => names?.includes(name) ?? true))
      },
      discard(kind, name) {
        waiting = waiting.filter((one) => one[0] !== kind || one[1] !== name)
      },
      async flush() {
        if (self.away) throw new AppError('log_unavailable', 'Away.')
      },
    },
    back() {
      self.away = false
      for (const one of waiting.splice(0)) write(...one)
    },
  }
  return self
}
