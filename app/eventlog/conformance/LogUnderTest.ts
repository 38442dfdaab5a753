import type { EventLog } from '../EventLog.ts'

export interface LogUnderTest {
  log: EventLog
  /** Ends the storage as abruptly as it can and starts it again; from then on `log` is the one to use. */
  restart(): Promise<void>
  /** The storage loses everything. */
  lose(): Promise<void>
  close(): Promise<void>
}
