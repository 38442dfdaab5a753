import { randomBytes } from 'node:crypto'
import type { Tickets } from './Tickets.ts'

/** More than operators ever hold: beyond, the oldest is forgotten. */
const maxTickets = 10_000

/** Tickets of this process alone. */
export class MemoryTickets implements Tickets {
  readonly #kept = new Map<string, { value: string; until: number }>()

  async issue(value: string, lifeMs: number): Promise<string> {
    this.#forgetOld()
    const ticket = newTicket()
    this.#kept.set(ticket, { value, until: performance.now() + lifeMs })
    return ticket
  }

  async take(ticket: string): Promise<string | null> {
    const found = this.#kept.get(ticket)
    this.#kept.delete(ticket)
    return found && performance.now() < found.until ? found.value : null
  }

  #forgetOld(): void {
    const now = performance.now()
    for (const [ticket, { until }] of this.#kept) if (until <= now) this.#kept.delete(ticket)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= maxTickets && oldest !== undefined) this.#kept.delete(oldest)
  }
}

/** 192 bits that nobody guesses, URL-safe. */
export function newTicket(): string {
  return randomBytes(24).toString('base64url')
}
