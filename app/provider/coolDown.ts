import type { FailureKind } from './Provider.ts'

/** Kinds that say something of the provider, not of one conversation. */
export type CoolingKind = Exclude<FailureKind, 'context' | 'cancelled'>

export interface Trouble {
  kind: CoolingKind
  /** A sentence for the operator, without a secret. */
  message: string
  retryAfterMs?: number
}

export type Standing =
  | { state: 'ready'; lastError?: string }
  | { state: 'cooling_down' | 'failed'; until: number; kind: CoolingKind; lastError: string }

const minute = 60_000
/** A refused key stays refused until somebody changes it, in the configuration or at the provider's own desk. */
const authMs = 10 * minute
const rateLimitMs = minute
const invalidMs = minute
const firstBreakMs = 30_000
const longestBreakMs = 5 * minute
/** Whatever the far side asks for. */
const longestAskedMs = 60 * minute

/** When one provider may be asked again; shared by all steps of this process. Times are milliseconds since 1970. */
export class CoolDown {
  #trouble: { until: number; kind: CoolingKind; lastError: string } | null = null
  /** Breaks of service one after the other, without an answer between them. */
  #breaks = 0

  at(now: number): Standing {
    if (this.#trouble === null) return { state: 'ready' }
    const { until, kind, lastError } = this.#trouble
    // Tried again from here on; the error stands until it works.
    if (now >= until) return { state: 'ready', lastError }
    return { state: kind === 'auth' ? 'failed' : 'cooling_down', until, kind, lastError }
  }

  failed({ kind, message, retryAfterMs }: Trouble, now: number): void {
    const standing = this.at(now)
    const isBreak = kind === 'overload' || kind === 'network'
    // Steps that fail side by side are one break.
    if (isBreak && standing.state === 'ready') this.#breaks++
    const asked = Math.min(retryAfterMs ?? 0, longestAskedMs)
    const until = now + Math.max(asked, this.#ownMs(kind, retryAfterMs))
    // The longer of two troubles counts: a time-out does not cut a refused key short.
    if (standing.state !== 'ready' && standing.until > until) return
    this.#trouble = { until, kind, lastError: message }
  }

  /** It has answered. What other steps were told meanwhile, of a rate for instance, stays. */
  worked(now: number): void {
    if (this.at(now).state !== 'ready') return
    this.#trouble = null
    this.#breaks = 0
  }

  #ownMs(kind: CoolingKind, retryAfterMs: number | undefined): number {
    switch (kind) {
      case 'auth':
        return authMs
      case 'rate_limit':
        return retryAfterMs === undefined ? rateLimitMs : 0
      case 'invalid':
        return invalidMs
      case 'overload':
      case 'network':
        return Math.min(firstBreakMs * 2 ** (Math.max(this.#breaks, 1) - 1), longestBreakMs)
    }
  }
}
