import { CommandOutput } from './CommandOutput.ts'
import type { KeptChannel } from './KeptChannel.ts'
import { failedResult, unsendable } from './legFailure.ts'
import type { AskRequest, ExecResult, KeptCommand } from './Runner.ts'
import { toResult } from './runCommand.ts'
import type { SshDestination } from './SshDestination.ts'
import { address } from './SshDestination.ts'

/** Begins the command on a channel, which it hands out before its first answer has come. Never throws. */
export type BeginKept = (
  request: AskRequest,
  onChannel: (channel: KeptChannel) => void,
  startedAt: number,
) => Promise<ExecResult>

/** A command that is kept running on a channel of its destination's connection. */
export class SshKeptCommand implements KeptCommand {
  readonly #destination: SshDestination
  readonly #command: string
  readonly #begin: BeginKept
  #channel: KeptChannel | undefined
  #asking = false
  /** Gives up what is asked now, wherever it is. */
  #giveUp: AbortController | undefined

  constructor(destination: SshDestination, command: string, begin: BeginKept) {
    this.#destination = destination
    this.#command = command
    this.#begin = begin
  }

  async ask(request: AskRequest): Promise<ExecResult> {
    const startedAt = performance.now()
    const refused = this.#refusal()
    if (refused) return failedResult(refused, startedAt)
    this.#asking = true
    try {
      return (await this.#askKept(request, startedAt)) ?? (await this.#askAnew(request, startedAt))
    } finally {
      this.#asking = false
    }
  }

  close(): void {
    this.#giveUp?.abort()
    this.#channel?.close()
  }

  #refusal() {
    if (!this.#asking) return unsendable(this.#command)
    const failure = `${address(this.#destination)} has not answered the question before: it was not asked.`
    return { leg: 'command', failure } as const
  }

  /** Null where it is not running, or had ended when it was asked: nothing came of it. */
  async #askKept(request: AskRequest, startedAt: number): Promise<ExecResult | null> {
    const channel = this.#channel
    if (!channel || request.signal?.aborted) return null
    if (!channel.usable) {
      channel.close()
      return null
    }
    const output = new CommandOutput(request)
    const end = await channel.ask(request, output)
    return toResult(end, output, startedAt, this.#destination, request)
  }

  async #askAnew(request: AskRequest, startedAt: number): Promise<ExecResult> {
    const giveUp = (this.#giveUp = new AbortController())
    const signal = request.signal ? AbortSignal.any([request.signal, giveUp.signal]) : giveUp.signal
    const onChannel = (channel: KeptChannel) => (this.#channel = channel)
    const result = await this.#begin({ ...request, signal }, onChannel, startedAt)
    this.#giveUp = undefined
    return result
  }
}
