import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Runner } from './Runner.ts'
import type { SshDestination } from './SshDestination.ts'
import { SshRunner } from './SshRunner.ts'
import type { SshLimits } from './SshRunner.ts'

export interface SshPoolOptions extends Partial<Omit<SshLimits, 'maxInFlight'>> {
  logger?: Pick<Logger, 'info' | 'warn'>
}

/**
 * Warm connections, one for each destination.
 *
 * @example
 * const pool = new SshPool({ logger })
 * const result = await pool.runner(devvm).exec({ command: 'uptime', timeoutMs: 10_000, maxOutputBytes: 65_536 })
 */
export class SshPool {
  readonly #runners = new Map<string, SshRunner>()
  readonly #limits: Omit<SshLimits, 'maxInFlight'>
  readonly #logger: Pick<Logger, 'info' | 'warn'> | undefined

  constructor({ logger, ...limits }: SshPoolOptions = {}) {
    this.#logger = logger
    this.#limits = {
      ...{ maxWaiting: 256, waitMs: 120_000, connectTimeoutMs: 10_000, idleMs: 300_000, keepaliveMs: 5_000 },
      ...limits,
    }
  }

  /** The same runner, thus the same connection, for an equal destination. A hypervisor's connection takes `maxInFlight: 1`. */
  runner(destination: SshDestination, { maxInFlight = 4 }: { maxInFlight?: number } = {}): Runner {
    const id = idOf(destination, maxInFlight)
    let runner = this.#runners.get(id)
    if (!runner) {
      runner = new SshRunner(destination, { ...this.#limits, maxInFlight }, this.#logger)
      this.#runners.set(id, runner)
    }
    return runner
  }

  /** Closes the connection of this runner, for a destination that is not used any more. What runs ends as `lost`. */
  drop(destination: SshDestination, { maxInFlight = 4 }: { maxInFlight?: number } = {}): void {
    const id = idOf(destination, maxInFlight)
    this.#runners.get(id)?.close()
    this.#runners.delete(id)
  }

  /** Closes every connection. What runs ends as `lost`. */
  close(): void {
    for (const runner of this.#runners.values()) runner.close()
    this.#runners.clear()
  }
}

/** Hashed, because the key may be in it as text. */
function idOf(destination: SshDestination, maxInFlight: number): string {
  return createHash('sha256')
    .update(JSON.stringify([destination, maxInFlight]))
    .digest('hex')
}
