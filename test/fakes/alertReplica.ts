import { AlertBook } from '#app/alert/AlertBook.ts'
import type { Reading } from '#app/alert/Reading.ts'
import type { BoardEvent, ReadNow } from '#app/eventlog/Board.ts'
import type { Documents } from '#app/history/Documents.ts'

export interface AlertReplicaOptions {
  documents: Documents
  clock: { now: number }
  shared?: boolean
  hosts?: string[]
}

/** One process's alerts: what it told the board and announced, on a clock that the test moves. */
export function alertReplica({ documents, clock, shared = false, hosts = ['gpu1'] }: AlertReplicaOptions) {
  const told: BoardEvent[] = []
  const announced: string[] = []
  const waiting = new Map<string, { read: ReadNow; onTold: (() => void) | undefined }>()
  const errors: unknown[] = []
  const settings = { enabled: true, hosts }
  const self = {
    ...{ told, announced, errors, settings },
    book: new AlertBook({
      ...{ documents, shared },
      board: { tell: (name, read, onTold) => void waiting.set(name, { read, onTold }) },
      logger: { debug: () => undefined, error: (line: unknown) => void errors.push(line) },
      enabled: () => settings.enabled,
      isKnown: (scope) => settings.hosts.some((host) => scope === `host:${host}`),
      onAlert: (kind, alert) => void announced.push(`${kind} ${alert.type} ${alert.subject}`),
      now: () => clock.now,
    }),
    /** One poll of a host after 30 s; the board is written after it. */
    async poll(readings: Reading[], { unreadable = [] as string[], host = 'gpu1' } = {}) {
      clock.now += 30_000
      await self.book.observe(`host:${host}`, { readings, unreadable })
      return self.board()
    },
    /** What the board is told now of all that changed. */
    async board(): Promise<BoardEvent[]> {
      const all = [...waiting.values()]
      waiting.clear()
      const events = (await Promise.all(all.map(({ read }) => read()))).flat()
      told.push(...events)
      for (const { onTold } of all) onTold?.()
      return events
    },
    async polls(...values: (number | null)[]): Promise<string[]> {
      const kinds: string[] = []
      for (const value of values) kinds.push(...(await self.poll([cpu(value)])).map(({ kind }) => kind))
      return kinds
    },
  }
  return self
}

export const cpu = (value: number | null, more: Partial<Reading> = {}): Reading => ({
  ...{ rule: 'high_cpu', severity: 'warning', key: '', subject: 'gpu1', host: 'gpu1', value },
  ...{ raise: 90, clear: 80, forReadings: 3, message: `The CPU is at ${value} %.` },
  ...more,
})
