import type { Verb, Vm } from '#app/schema/api.ts'
import { counted } from './sentence.ts'

export interface VerbFacts {
  label: string
  /** One line on its button, where two verbs could be taken for each other. */
  short?: (vm: Vm) => string
  mutates: boolean
}

/** The verbs in an operator's words. */
export const verbFacts: Record<Verb, VerbFacts> = {
  status: { label: 'Status', mutates: false },
  forensics: { label: 'Forensics', mutates: false },
  cycle: {
    label: 'Cycle',
    short: ({ pending = [] }) =>
      `power off and on, ${pending.length === 0 ? 'as a fresh process' : `applies ${counted(pending.length, 'pending change')}`}`,
    mutates: true,
  },
  reset: { label: 'Reset', short: () => 'the reset button, same process', mutates: true },
  stop: { label: 'Stop', short: () => 'power off, stays off', mutates: true },
  start: { label: 'Start', short: () => 'power on', mutates: true },
}
