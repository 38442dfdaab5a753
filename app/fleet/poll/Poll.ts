import type { ExecResult } from '#app/ssh/Runner.ts'

/** One attempt to read a host: what its probe ended in, and when, in ms since 1970 by our clock. */
export interface Poll {
  startedAt: number
  endedAt: number
  result: ExecResult
}

/** The probe's two forced commands; nothing else is ever sent. */
export const probeCommands = { collect: 'collect', kill: 'kill' } as const
