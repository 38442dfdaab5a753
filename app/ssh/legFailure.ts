import type { Leg } from '#app/schema/events.ts'
import type { ExecResult } from './Runner.ts'

/** Why a command has no exit code: the leg that failed and a sentence for the operator. */
export interface LegFailure {
  leg: Leg
  failure: string
}

/** The result of a command that produced nothing. `startedAt` is a `performance.now()`. */
export function failedResult({ leg, failure }: LegFailure, startedAt: number): ExecResult {
  return {
    exitCode: null,
    stdout: '',
    stderr: '',
    truncated: false,
    durationMs: Math.round(performance.now() - startedAt),
    failedLeg: leg,
    failure,
  }
}

/**
 * Why `command` cannot be sent, or null. A NUL byte ends an argument early or breaks the protocol; Linux takes
 * at most 128 KiB in one argument, and sshd drops the whole connection over a packet of 256 KiB.
 */
export function unsendable(command: string): LegFailure | null {
  if (command.includes('\0'))
    return { leg: 'command', failure: 'The command holds a NUL byte; it was not run.' }
  if (Buffer.byteLength(command) > 100_000) {
    return { leg: 'command', failure: 'The command is longer than 100,000 bytes; it was not run.' }
  }
  return null
}
