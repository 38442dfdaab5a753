/**
 * Which replicas live. A replica that owns running turns beats; one whose heart has stopped may be replaced. What
 * makes that safe is the log's compare-and-append, not this.
 */
export interface Heartbeat {
  /** Beats from now on. */
  start(): void
  /** Whether `replica` beats, or may do so again in a moment. Throws `log_unavailable` when that cannot be known. */
  alive(replica: string): Promise<boolean>
  /** Beats no more: this replica may be replaced at once. */
  stop(): Promise<void>
}
