/**
 * Small JSON texts that outlive the process and are seen by every replica: the last one written holds. Each document
 * has one writer at a time (the replica that polls its host), so nothing is compared.
 */
export interface Documents {
  /**
   * Returns at once and never throws; written soon. While the store is away the newest of each name waits, and so it does
   * until `mayWrite` says yes. Null removes it.
   */
  put(kind: string, name: string, text: string | null, mayWrite?: () => boolean): void
  /** All of a kind, or those of these names; what waits to be written counts as written. Throws `log_unavailable`. */
  read(kind: string, names?: string[]): Promise<Map<string, string>>
  /** What waits to be written of this name is not written any more: it has another writer now. */
  discard(kind: string, name: string): void
  /** Writes what waits and may be written. Throws `log_unavailable`. */
  flush(): Promise<void>
}
