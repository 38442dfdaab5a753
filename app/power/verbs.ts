import { mutatingVerbs, verbs, type Verb } from '#app/schema/api.ts'

export interface VerbFacts {
  mutating: boolean
  /**
   * What the whole verb may take on the hypervisor. A stop may escalate for 131 s by itself, after waiting for a
   * lock, and under HA for daemons too: a shorter limit would call running operations lost. The host script, which
   * has the numbers, answers a little earlier.
   */
  timeoutMs: number
}

export const verbTable: Record<Verb, VerbFacts> = {
  status: { mutating: false, timeoutMs: 15_000 },
  forensics: { mutating: false, timeoutMs: 20_000 },
  reset: { mutating: true, timeoutMs: 285_000 },
  stop: { mutating: true, timeoutMs: 285_000 },
  start: { mutating: true, timeoutMs: 285_000 },
  cycle: { mutating: true, timeoutMs: 505_000 },
}

/** The body of `GET /api/pve/verbs`. */
export const verbList = { verbs: [...verbs], mutating: [...mutatingVerbs] }
