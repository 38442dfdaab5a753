import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '#app/errors.ts'
import type { RedisClient } from './openRedis.ts'

const readyWaitMs = 500
const retryForMs = 2000
const retryPauseMs = 50

/** Redis' own passing errors: a failover, a start, a cluster that is finding itself. */
const passing = /^(READONLY|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|MOVED|ASK)\b/

/**
 * Runs commands so that a short break of the connection goes unnoticed and a long one ends soon in
 * `log_unavailable`. What it runs must be safe to run again, because an answer may have been lost.
 */
export class RedisLink {
  readonly #client: RedisClient
  #ready = Promise.withResolvers<void>()
  #lastError = 'it did not answer in time'

  constructor(client: RedisClient) {
    this.#client = client
    client.on('ready', () => {
      this.#ready.resolve()
      this.#ready = Promise.withResolvers()
    })
    client.on('error', (error: Error) => (this.#lastError = error.message))
    client.on('node error', (error: Error) => (this.#lastError = error.message))
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const until = Date.now() + retryForMs
    for (;;) {
      await this.#waitUntilReady()
      try {
        return await work()
      } catch (error) {
        if (!isPassing(error) || Date.now() > until) throw unavailable(messageOf(error))
      }
      await sleep(retryPauseMs)
    }
  }

  async #waitUntilReady(): Promise<void> {
    if (this.#client.status === 'ready') return
    if (this.#client.status === 'end') throw unavailable('the connection was closed')
    const end = new AbortController()
    await Promise.race([
      this.#ready.promise,
      sleep(readyWaitMs, undefined, { signal: end.signal }).catch(() => undefined),
    ])
    end.abort()
    // It may have changed while this waited.
    if ((this.#client.status as string) !== 'ready') throw unavailable(this.#lastError)
  }
}

/** Whether trying again can help: the connection broke, or Redis says that it is not ready. A time-out has waited enough. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error.message === 'Command timed out') return false
  return error.name !== 'ReplyError' || passing.test(error.message)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const unavailable = (why: string): AppError =>
  new AppError('log_unavailable', `The log is not reachable, Redis: ${why.replace(/\.$/, '')}.`)
