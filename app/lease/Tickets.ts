/** Secrets that are good for one use within a short time, on any replica. */
export interface Tickets {
  /** Keeps `value` for `lifeMs` and returns the secret that fetches it. Throws `log_unavailable`. */
  issue(value: string, lifeMs: number): Promise<string>
  /** The value, to the first who asks; null: unknown, used or expired. Throws `log_unavailable`. */
  take(ticket: string): Promise<string | null>
}
