import { setTimeout as sleep } from 'node:timers/promises'
import { CommandOutput } from './CommandOutput.ts'
import type { LegFailure } from './legFailure.ts'
import type { AskRequest, ExecRequest, ExecResult } from './Runner.ts'
import { runOnChannel } from './runOnChannel.ts'
import type { ChannelEnd } from './runOnChannel.ts'
import type { SshConnection } from './SshConnection.ts'
import { address } from './SshDestination.ts'
import type { SshDestination } from './SshDestination.ts'

// sshd frees a slot some time after it closed the channel: a refusal may be over in milliseconds.
const refusalsAlone = 7
const refusalsAmongOthers = 60

/** One attempt to run what `request` says. Never throws. */
export type Attempt<Request extends AskRequest> = (
  connection: SshConnection,
  request: Request,
  output: CommandOutput,
) => Promise<ChannelEnd>

/** `runCommandBy` with an exec on a channel of its own. */
export const runCommand = (
  connection: SshConnection,
  destination: SshDestination,
  request: ExecRequest,
  startedAt: number,
): Promise<ExecResult | null> => runCommandBy(runOnChannel, connection, destination, request, startedAt)

/**
 * Runs the command on an open connection, asking again while the server refuses a channel. Null when the command
 * was never sent because the connection is dead or does not answer: another one may be tried.
 */
export async function runCommandBy<Request extends AskRequest>(
  attempt: Attempt<Request>,
  connection: SshConnection,
  destination: SshDestination,
  request: Request,
  startedAt: number,
): Promise<ExecResult | null> {
  const output = new CommandOutput(request)
  for (let refusals = 1; ; refusals += 1) {
    const end = await attempt(connection, request, output)
    const limit = connection.inFlight > 0 ? refusalsAmongOthers : refusalsAlone
    if (end.sent || end.why !== 'refused' || refusals >= limit)
      return toResult(end, output, startedAt, destination, request)
    // Cancelled while it waits, the next attempt says so.
    await sleep(
      Math.min(500, 12.5 * 2 ** refusals),
      null,
      request.signal ? { signal: request.signal } : {},
    ).catch(() => null)
  }
}

/** What an attempt ended in, as it is told; null when it was never sent because its connection or channel is dead. */
export function toResult(
  end: ChannelEnd,
  output: CommandOutput,
  startedAt: number,
  destination: SshDestination,
  request: AskRequest,
): ExecResult | null {
  if (end.sent && end.exitCode !== null) return output.result(end.exitCode, startedAt)
  if (end.why === 'unusable') return null
  const result = output.result(null, startedAt, noExit(end.sent, end.why, destination, request))
  return end.why === 'excess' ? { ...result, truncated: true } : result
}

type Why = Exclude<Extract<ChannelEnd, { why: string }>['why'], 'unusable'>

function noExit(sent: boolean, why: Why, destination: SshDestination, request: AskRequest): LegFailure {
  const at = address(destination)
  switch (why) {
    case 'refused':
      return {
        leg: 'channel',
        failure: `${at} refuses to open another channel (MaxSessions); the command was not run.`,
      }
    case 'rejected':
      return { leg: 'channel', failure: `${at} rejected the request to run a command; it was not run.` }
    case 'cancelled':
      return {
        leg: 'cancelled',
        failure: sent
          ? `Cancelled while it ran on ${at}; it may still be running there.`
          : `Cancelled before it was sent to ${at}; it was not run.`,
      }
    case 'timeout':
      return {
        leg: 'timeout',
        failure: `No end within ${(request.timeoutMs / 1000).toLocaleString('en')} s on ${at}; it may still be running there.`,
      }
    case 'excess':
      return {
        leg: 'command',
        failure: `${at} printed more than ${(request.maxOutputBytes / 1024).toLocaleString('en')} kB, and was cut off.`,
      }
    case 'lost':
      return {
        leg: 'lost',
        failure: `The connection to ${at} broke while the command ran: it may have run to its end.`,
      }
  }
}
