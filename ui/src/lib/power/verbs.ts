import type { Verb, Vm } from '#app/schema/api.ts'
import { counted } from './sentence.ts'

export interface VerbFacts {
  label: string
  /** One line beside the button. */
  short: (vm: Vm) => string
  mutates: boolean
  /** What will happen, what it costs, how long it takes: read before it is done. */
  warning: (vm: string) => string
}

/** The verbs in an operator's words. Times are those of `qm` with its own escalation. */
export const verbFacts: Record<Verb, VerbFacts> = {
  status: {
    label: 'Status',
    short: () => 'asks the hypervisor',
    mutates: false,
    warning: () => '',
  },
  forensics: {
    label: 'Forensics',
    short: () => 'keeps the evidence',
    mutates: false,
    warning: () => '',
  },
  cycle: {
    label: 'Cycle',
    short: ({ pending = [] }) =>
      `power off and on, ${pending.length === 0 ? 'as a fresh process' : `applies ${counted(pending.length, 'pending change')}`}`,
    mutates: true,
    warning: (vm) =>
      `${vm} is powered off and started again, as a fresh process. Unsaved memory of the guest is lost. Usually under a minute; up to 5 minutes when it hangs.`,
  },
  reset: {
    label: 'Reset',
    short: () => 'the reset button, same process',
    mutates: true,
    warning: (vm) =>
      `${vm} restarts at once, as by its reset button. Unsaved memory of the guest is lost. Pending changes are not applied. Seconds; it cannot help when the monitor is silent.`,
  },
  stop: {
    label: 'Stop',
    short: () => 'power off, stays off',
    mutates: true,
    warning: (vm) =>
      `${vm} is powered off and stays off. Unsaved memory of the guest is lost. Usually seconds; up to 2½ minutes when it hangs.`,
  },
  start: {
    label: 'Start',
    short: () => 'power on',
    mutates: true,
    warning: (vm) => `${vm} is powered on. Nothing is lost. Usually seconds.`,
  },
}
