import type { Logger } from 'pino'
import { connect } from './connect.ts'
import type { Connected } from './connect.ts'
import { noChannel } from './execFresh.ts'
import { failedResult, unsendable } from './legFailure.ts'
import { KeptChannel } from './KeptChannel.ts'
import { runCommandBy } from './runCommand.ts'
import type { Attempt } from './runCommand.ts'
import type { AskRequest, ExecRequest, ExecResult, KeepRequest, KeptCommand, Runner } from './Runner.ts'
import { runOnChannel } from './runOnChannel.ts'
import { Slots } from './Slots.ts'
import { SshKeptCommand } from './SshKeptCommand.ts'
import type { SshConnection } from './SshConnection.ts'
import { address } from './SshDestination.ts'
import type { SshDestination } from './SshDestination.ts'

export interface SshLimits {
  /** Commands at once on the connection. sshd allows 10 sessions and frees them late. */
  maxInFlight: number
  /** Commands that may wait for one of these places; one more is told so at once. */
  maxWaiting: number
  /** How long one may wait in line. */
  waitMs: number
  connectTimeoutMs: number
  /** A connection that carried nothing for so long is closed. */
  idleMs: number
  /** As in `ConnectOptions`. */
  keepaliveMs: number
}

/** Runs commands on one destination over one connection, which is opened when needed and kept warm. */
export class SshRunner implements Runner {
  readonly #destination: SshDestination
  readonly #limits: SshLimits
  readonly #logger: Pick<Logger, 'info' | 'warn'> | undefined
  readonly #slots: Slots
  readonly #closing = new AbortController()
  /** All that are open: the warm one, and retired ones with commands still in flight. */
  readonly #open = new Set<SshConnection>()
  #connection: SshConnection | undefined
  #connecting: Promise<Connected> | undefined
  #idleTimer: NodeJS.Timeout | undefined

  constructor(destination: SshDestination, limits: SshLimits, logger?: Pick<Logger, 'info' | 'warn'>) {
    this.#destination = destination
    this.#limits = limits
    this.#logger = logger
    this.#slots = new Slots(address(destination), { ...limits, limit: limits.maxInFlight })
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    const startedAt = performance.now()
    const refused = unsendable(request.command) ?? (await this.#slots.take(request.signal))
    if (refused) return failedResult(refused, startedAt)
    clearTimeout(this.#idleTimer)
    try {
      return await this.#run(request, startedAt, runOnChannel)
    } finally {
      this.#release()
    }
  }

  /** It has one of the places for as long as its command runs, between its answers too. */
  keep(kept: KeepRequest): KeptCommand {
    return new SshKeptCommand(this.#destination, kept.command, async (request, onChannel, startedAt) => {
      const refused = await this.#slots.take(request.signal)
      if (refused) return failedResult(refused, startedAt)
      clearTimeout(this.#idleTimer)
      let last: KeptChannel | undefined
      let answered = false
      const result = await this.#run(request, startedAt, (connection, asked, output) => {
        if (asked.signal?.aborted) return Promise.resolve({ sent: false, why: 'cancelled' })
        const channel = new KeptChannel(connection, kept, () => {
          // A refused one may be followed by another, which has the same place.
          if (answered && channel === last) this.#release()
        })
        last = channel
        onChannel(channel)
        return channel.open(asked, output)
      })
      answered = true
      if (last?.closed !== false) this.#release()
      return result
    })
  }

  /** Commands in flight end as `lost`, waiting ones as `cancelled`. */
  close(): void {
    this.#closing.abort()
    this.#slots.failWaiting({ leg: 'cancelled', failure: 'The server is stopping; the command was not run.' })
    clearTimeout(this.#idleTimer)
    for (const connection of this.#open) connection.close()
  }

  #release(): void {
    this.#slots.release()
    if (this.#slots.idle) this.#closeWhenIdle()
  }

  async #run<Request extends AskRequest>(
    request: Request,
    startedAt: number,
    attempt: Attempt<Request>,
  ): Promise<ExecResult> {
    // Twice at most: a warm connection may turn out to be dead; a second one that is dead too is a failure.
    for (let tries = 1; tries <= 2; tries += 1) {
      const connected = await this.#connected(request.signal)
      if (!connected.ok) {
        // Who waits in line would meet the same failure, one connect time-out after the other.
        if (connected.leg !== 'cancelled') this.#slots.failWaiting(connected)
        return failedResult(connected, startedAt)
      }
      const result = await runCommandBy(attempt, connected.connection, this.#destination, request, startedAt)
      if (result?.failedLeg === 'lost')
        this.#logger?.warn({ destination: this.#destination.name }, 'ssh connection lost')
      if (result) return result
    }
    return failedResult(noChannel(this.#destination), startedAt)
  }

  /** The warm connection, or the one that is being opened, for all who ask meanwhile. Cancelling one leaves it to the others. */
  async #connected(signal: AbortSignal | undefined): Promise<Connected> {
    if (this.#connection?.usable) return { ok: true, connection: this.#connection }
    this.#connecting ??= this.#openOne().finally(() => (this.#connecting = undefined))
    if (!signal) return this.#connecting
    const aborted = Promise.withResolvers<Connected>()
    const onAbort = () => {
      aborted.resolve({
        ok: false,
        leg: 'cancelled',
        failure: `Cancelled while connecting to ${address(this.#destination)}; the command was not run.`,
      })
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.#connecting, aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #openOne(): Promise<Connected> {
    const startedAt = performance.now()
    const connected = await connect(this.#destination, {
      timeoutMs: this.#limits.connectTimeoutMs,
      keepaliveMs: this.#limits.keepaliveMs,
      signal: this.#closing.signal,
    })
    const told = { destination: this.#destination.name, ms: Math.round(performance.now() - startedAt) }
    if (connected.ok) {
      const { connection } = connected
      this.#connection = connection
      this.#open.add(connection)
      connection.client.once('close', () => this.#open.delete(connection))
      this.#logger?.info(told, 'ssh connected')
      if (this.#slots.idle) this.#closeWhenIdle()
    } else {
      this.#logger?.warn({ ...told, leg: connected.leg, failure: connected.failure }, 'ssh connection failed')
    }
    return connected
  }

  #closeWhenIdle(): void {
    clearTimeout(this.#idleTimer)
    if (this.#closing.signal.aborted) return
    this.#idleTimer = setTimeout(() => {
      this.#connection?.close()
      this.#connection = undefined
    }, this.#limits.idleMs)
  }
}
