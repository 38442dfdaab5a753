import type { Severity } from '#app/schema/fleet.ts'

/** What a poll says about one subject under one rule. */
export interface Reading {
  /** `high_cpu`, `gpu_temp_critical`…: the alert's `type`. */
  rule: string
  severity: Severity
  /** What it is about, unique within scope and rule: a GPU's uuid, a tmux session's id; '' for the host itself. */
  key: string
  /** The same in words. */
  subject: string
  host?: string
  tmux?: string
  /** Null while it is not known: nothing begins and nothing ends by it. A state is told as 1 or 0. */
  value: number | null
  /** From `raise` on (≥) it is wrong, below `clear` it is right again; between the two all stays as it is. */
  raise: number
  clear: number
  /** Another rule that says more of the same key: while that is raised, this one is not, and begins where it ends. */
  givesWayTo?: string
  /** For so many readings in a row, to begin and to end. */
  forReadings: number
  /** The alert's sentence, with the value of now; a function is only asked when there is an alert, which is seldom. */
  message: string | (() => string)
}

export function messageOf({ message }: Pick<Reading, 'message'>): string {
  return typeof message === 'string' ? message : message()
}

/** All readings of one scope (a host) at one moment. */
export interface Observation {
  readings: Reading[]
  /** Rules that could not be read at all: what was raised under them stays. Other alerts without a reading are over. */
  unreadable: string[]
}
