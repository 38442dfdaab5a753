import type { Logger } from 'pino'
import { connect } from './connect.ts'
import type { Connected } from './connect.ts'
import { noChannel } from './execFresh.ts'
import { failedResult, unsendable } from './legFailure.ts'
import { runCommand } from './runCommand.ts'
import type { ExecRequest, ExecResult, Runner } from './Runner.ts'
import { Slots } from './Slots.ts'
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
      return await this.#run(request, startedAt)
    } finally {
      this.#slots.release()
      if (this.#slots.idle) this.#closeWhenIdle()
    }
  }

  /** Commands in flight end as `lost`, waiting ones as `cancelled`. */
  close(): void {
    this.#closing.abort()
    this.#slots.failWaiting({ leg: 'cancelled', failure: 'The server is stopping; the command was not run.' })
    clearTimeout(this.#idleTimer)
    for (const connection of this.#open) connection.close()
  }

  async #run(request: ExecRequest, startedAt: number): Promise<ExecResult> {
    // Twice at most: a warm connection may turn out to be dead; a second one that is dead too is a failure.
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const connected = await this.#connected(request.signal)
      if (!connected.ok) {
        // Who waits in line would meet the same failure, one connect time-out after the other.
        if (connected.leg !== 'cancelled') this.#slots.failWaiting(connected)
        return failedResult(connected, startedAt)
      }
      const result = await runCommand(connected.connection, this.#destination, request, startedAt)
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
    this.#idleTimer = setTimeout(() => {
      this.#connection?.close()
      this.#connection = undefined
    }, this.#limits.idleMs)
  }
}
