import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { failedResult, unsendable } from './legFailure.ts'
import { runCommand } from './runCommand.ts'
import type { ExecRequest, ExecResult } from './Runner.ts'
import { address } from './SshDestination.ts'
import type { SshDestination } from './SshDestination.ts'

/**
 * Runs one command on a connection of its own, opened for it and closed after it: for mutations of power, which
 * must not depend on what an old connection went through. The command is sent at most once. Never throws.
 *
 * @example
 * const result = await execFresh(pve1, { command: `reset ${op}`, timeoutMs: 150_000, maxOutputBytes: 262_144 })
 */
export async function execFresh(
  destination: SshDestination,
  request: ExecRequest,
  options: Pick<ConnectOptions, 'timeoutMs'> = {},
): Promise<ExecResult> {
  const startedAt = performance.now()
  const refused = unsendable(request.command)
  if (refused) return failedResult(refused, startedAt)
  const connected = await connect(destination, {
    ...options,
    ...(request.signal ? { signal: request.signal } : {}),
  })
  if (!connected.ok) return failedResult(connected, startedAt)
  try {
    const result = await runCommand(connected.connection, destination, request, startedAt)
    return result ?? failedResult(noChannel(destination), startedAt)
  } finally {
    connected.connection.close()
  }
}

/** A connection that was opened, and then carried nothing. */
export function noChannel(destination: SshDestination) {
  const failure = `${address(destination)} took the connection but opens no channel; the command was not run.`
  return { leg: 'channel', failure } as const
}
