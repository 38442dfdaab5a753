import type { ClientChannel } from 'ssh2'
import type { CommandOutput } from './CommandOutput.ts'
import { Quiet } from './Quiet.ts'
import type { AskRequest, KeepRequest } from './Runner.ts'
import { openTimeoutMs, quietAfterExitMs, signalNumber } from './runOnChannel.ts'
import type { ChannelEnd } from './runOnChannel.ts'
import { sendCommand } from './sendCommand.ts'
import type { SshConnection } from './SshConnection.ts'

const strayBytes = 4096

interface Answer {
  request: AskRequest
  output: CommandOutput
  /** Bytes of both streams. */
  size: number
  timer: NodeJS.Timeout
  onAbort: () => void
  resolve: (end: ChannelEnd) => void
}

/** One channel with a command that answers again and again. It is never revived: a closed one is replaced. */
export class KeptChannel {
  readonly #connection: SshConnection
  readonly #kept: KeepRequest
  readonly #onClosed: () => void
  readonly #done: () => void
  readonly #quiet = new Quiet(quietAfterExitMs, () => this.#ended())
  #channel: ClientChannel | undefined
  #sent = false
  #closed = false
  #exitCode: number | null = null
  /** What is asked now; without it nothing may come. */
  #answer: Answer | undefined
  #answers = 0
  /** Bytes of stderr since the last answer. */
  #stray = 0

  /** `onClosed` is called once. */
  constructor(connection: SshConnection, kept: KeepRequest, onClosed: () => void) {
    this.#connection = connection
    this.#kept = kept
    this.#onClosed = onClosed
    this.#done = connection.begin()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** May be asked once more. */
  get usable(): boolean {
    return !this.#closed && this.#connection.usable
  }

  /** Begins the command, which gives its first answer. As `runOnChannel`: call it once. */
  open(request: AskRequest, output: CommandOutput): Promise<ChannelEnd> {
    const answered = this.#expect(request, output, openTimeoutMs)
    const sending = { isGivenUp: () => this.#closed, onSent: () => this.#onSent(request.timeoutMs) }
    const opens = sendCommand(this.#connection.client, this.#kept.command, sending, (error, channel) => {
      if (error) this.#onRefused(error)
      else this.#onOpen(channel)
    })
    if (!opens) this.#end({ sent: false, why: 'unusable' })
    return answered
  }

  /** Asks for one more answer. `unusable`: the channel was closed before anything of it came. */
  ask(request: AskRequest, output: CommandOutput): Promise<ChannelEnd> {
    if (!this.usable || this.#answer) return Promise.resolve({ sent: false, why: 'unusable' })
    const answered = this.#expect(request, output, request.timeoutMs)
    this.#stray = 0
    this.#channel?.write('\n')
    return answered
  }

  close(): void {
    if (this.#answer) this.#end(this.#sent ? noEnd('cancelled') : { sent: false, why: 'cancelled' })
    else this.#shut()
  }

  #expect(request: AskRequest, output: CommandOutput, timeoutMs: number): Promise<ChannelEnd> {
    const { promise, resolve } = Promise.withResolvers<ChannelEnd>()
    const onAbort = () => this.close()
    const timer = setTimeout(() => this.#onTimeout(), timeoutMs)
    this.#answer = { request, output, size: 0, timer, onAbort, resolve }
    request.signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  }

  #onSent(timeoutMs: number): void {
    this.#sent = true
    if (!this.#answer) return
    clearTimeout(this.#answer.timer)
    this.#answer.timer = setTimeout(() => this.#onTimeout(), timeoutMs)
  }

  #onTimeout(): void {
    // A connection that opens no channel, or says nothing to a question, is not trusted with another one.
    if (!this.#sent || this.#isUnheard()) this.#connection.retire()
    this.#end(this.#sent ? noEnd('timeout') : { sent: false, why: 'unusable' })
  }

  #onRefused(error: Error & { reason?: unknown }): void {
    if (this.#closed) return
    if (!this.#sent) {
      this.#end({ sent: false, why: error.reason === undefined ? 'unusable' : 'refused' })
      return
    }
    if (this.#connection.dead) {
      this.#end(noEnd('lost'))
      return
    }
    // The server keeps the channel open, out of our reach: this connection has lost a slot.
    this.#connection.retire()
    this.#end(noEnd('rejected'))
  }

  #onOpen(channel: ClientChannel): void {
    // See `runOnChannel`.
    channel.destroy = () => channel
    if (this.#closed) {
      drop(channel)
      return
    }
    this.#channel = channel
    channel.on('data', (data: Buffer) => this.#take('stdout', data))
    channel.stderr.on('data', (data: Buffer) => this.#take('stderr', data))
    channel.on('exit', (code: number | null, signalName?: string) => {
      this.#exitCode = code ?? 128 + signalNumber(signalName)
      this.#quiet.start()
    })
    channel.on('close', () => {
      if (channel.stderr.readableEnded) this.#ended()
      else channel.stderr.once('end', () => this.#ended())
    })
  }

  #take(stream: 'stdout' | 'stderr', data: Buffer): void {
    if (this.#closed) return
    this.#quiet.touch()
    const answer = this.#answer
    if (!answer) {
      // Nobody has asked for this; but of an answer, what stderr says may come after its end.
      this.#stray += data.length
      if (stream === 'stdout' || this.#stray > strayBytes) this.#shut()
      return
    }
    const { output, request } = answer
    const from = output.stdout.length
    void output.add(stream, data)
    answer.size += data.length
    const end = stream === 'stdout' ? this.#kept.answerEnd(output.stdout, from) : -1
    if (end !== -1) {
      const more = end < from + data.length
      output.cutStdout(end)
      this.#answers += 1
      this.#settle({ sent: true, exitCode: 0 })
      if (more) this.#shut()
    } else if (answer.size > request.maxOutputBytes) {
      this.#end(noEnd('excess'))
    }
  }

  /** The far side has ended it. */
  #ended(): void {
    if (this.#exitCode !== null && !this.#isUnheard()) this.#end({ sent: true, exitCode: this.#exitCode })
    else this.#end(this.#isUnheard() ? { sent: false, why: 'unusable' } : noEnd('lost'))
  }

  /** It has answered before, and nothing came of what it is asked now: it had ended by then, or its connection. */
  #isUnheard(): boolean {
    return this.#answers > 0 && this.#answer?.output.stdout.length === 0
  }

  #end(end: ChannelEnd): void {
    this.#settle(end)
    this.#shut()
  }

  #settle(end: ChannelEnd): void {
    const answer = this.#answer
    if (!answer) return
    this.#answer = undefined
    clearTimeout(answer.timer)
    answer.request.signal?.removeEventListener('abort', answer.onAbort)
    answer.resolve(end)
  }

  #shut(): void {
    if (this.#closed) return
    this.#closed = true
    this.#quiet.stop()
    if (this.#channel) drop(this.#channel)
    this.#done()
    this.#onClosed()
  }
}

type Why = Extract<ChannelEnd, { sent: true; exitCode: null }>['why']

function noEnd(why: Why): ChannelEnd {
  return { sent: true, exitCode: null, why }
}

/** Nobody listens any more. */
function drop(channel: ClientChannel): void {
  channel.close()
  channel.resume().stderr.resume()
}
