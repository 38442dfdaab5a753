/** One mutation, attempted or refused. No secret ever stands in it. */
export interface AuditRecord {
  action: string
  by: string
  source: string
  request_id: string
  op?: string
  subject?: string
  outcome?: string
  /** What is done, word by word, where that is not the action itself. */
  detail?: string
  /** Who started the turn in which an agent acts; `by` is who allowed it. */
  asked_by?: string
  approval?: string
}

export type Audit = (record: AuditRecord) => void

/** Prints one JSON line per mutation on stdout. `write` is stdout's; the hash chain is built on top of it. */
export function createAudit(write: (line: string) => void, now: () => Date = () => new Date()): Audit {
  return (record) =>
    write(`${JSON.stringify({ audit: record.action, at: now().toISOString(), ...record })}\n`)
}
