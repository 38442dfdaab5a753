import { constants } from 'node:os'
import type { ClientChannel } from 'ssh2'
import type { CommandOutput } from './CommandOutput.ts'
import { Flow } from './Flow.ts'
import { Quiet } from './Quiet.ts'
import type { ExecRequest } from './Runner.ts'
import { sendCommand } from './sendCommand.ts'
import type { SshConnection } from './SshConnection.ts'

/**
 * How one attempt on one channel ended. With `sent: false` the far side never saw the command, so that it is
 * safe to try again: the server refused a channel, the connection is unusable, or it was cancelled.
 * With `sent: true` and no exit code it may have run, or may still be running; `excess`: of a kept one, which was read
 * no further.
 */
export type ChannelEnd =
  | { sent: false; why: 'refused' | 'unusable' | 'cancelled' }
  | { sent: true; exitCode: number }
  | { sent: true; exitCode: null; why: 'rejected' | 'lost' | 'timeout' | 'cancelled' | 'excess' }

export const openTimeoutMs = 5_000
// A process that went to the background may hold the pipes for ever after the command's own exit.
export const quietAfterExitMs = 2_000

/** Runs the command on a channel of its own. Never throws. Output goes to `output` while it comes. */
export function runOnChannel(
  connection: SshConnection,
  request: ExecRequest,
  output: CommandOutput,
): Promise<ChannelEnd> {
  const { signal } = request
  if (signal?.aborted) return Promise.resolve({ sent: false, why: 'cancelled' })
  const { promise, resolve } = Promise.withResolvers<ChannelEnd>()
  const done = connection.begin()
  let channel: ClientChannel | undefined
  let flow: Flow | undefined
  let sent = false
  let over = false
  let timedOut = false
  let exitCode: number | null = null

  const end = (result: ChannelEnd) => {
    if (over) return
    over = true
    clearTimeout(timer)
    quiet.stop()
    signal?.removeEventListener('abort', onAbort)
    channel?.close()
    // Held back or not: nobody listens any more.
    channel?.resume().stderr.resume()
    done()
    resolve(result)
  }
  const endSent = (why: 'lost' | 'cancelled') => {
    if (exitCode !== null) end({ sent: true, exitCode })
    else end({ sent: true, exitCode, why: timedOut ? 'timeout' : why })
  }
  const onTimeout = () => {
    if (sent) {
      timedOut = true
      if (!channel || !flow) return endSent('lost')
      // The far side stops here; what it said before is still taken.
      channel.close()
      return flow.finish(() => endSent('lost'))
    }
    // Keepalive would find a dead peer too, but later.
    connection.retire()
    end({ sent: false, why: 'unusable' })
  }
  const onAbort = () => (sent ? endSent('cancelled') : end({ sent: false, why: 'cancelled' }))
  const quiet = new Quiet(quietAfterExitMs, () => endSent('lost'))
  let timer = setTimeout(onTimeout, openTimeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })

  const onSent = () => {
    sent = true
    clearTimeout(timer)
    timer = setTimeout(onTimeout, request.timeoutMs)
    request.onSent?.()
  }
  const onOpen = (error: (Error & { reason?: unknown }) | undefined, opened: ClientChannel) => {
    if (error) {
      if (!sent) {
        end({ sent: false, why: error.reason === undefined ? 'unusable' : 'refused' })
      } else if (connection.dead) {
        end({ sent: true, exitCode: null, why: 'lost' })
      } else {
        // The server keeps the channel open, out of our reach: this connection has lost a slot.
        connection.retire()
        end({ sent: true, exitCode: null, why: 'rejected' })
      }
      return
    }
    channel = opened
    // The stream machinery would close the channel when output and input have ended, before the exit status
    // of a command that closed its output early has come. The server's close is answered without it.
    opened.destroy = () => opened
    if (over) {
      opened.resume()
      opened.stderr.resume()
      opened.close()
      return
    }
    const reading = new Flow([opened, opened.stderr], quiet)
    flow = reading
    const add = (stream: 'stdout' | 'stderr') => (data: Buffer) => {
      if (over) return
      quiet.touch()
      const taken = output.add(stream, data)
      if (taken) reading.hold(taken)
    }
    opened.on('data', add('stdout'))
    opened.stderr.on('data', add('stderr'))
    opened.on('exit', (code: number | null, signalName?: string) => {
      exitCode = code ?? 128 + signalNumber(signalName)
      quiet.start()
      // What it printed may still wait for us.
      clearTimeout(timer)
      timer = setTimeout(onTimeout, request.timeoutMs)
    })
    opened.on('close', () => {
      const closed = () => reading.whenTaken(() => endSent('lost'))
      if (opened.stderr.readableEnded) closed()
      else opened.stderr.once('end', closed)
    })
    if (request.readsNothing !== true) opened.end(request.stdin)
  }
  const sending = { isGivenUp: () => over, onSent }
  if (!sendCommand(connection.client, request.command, sending, onOpen)) end({ sent: false, why: 'unusable' })
  return promise
}

export function signalNumber(name: string | undefined): number {
  return (constants.signals as Record<string, number>)[name ?? ''] ?? 0 // the name comes from the far side
}
