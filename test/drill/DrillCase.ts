import type { Machine, MachineOptions } from './machine/Machine.ts'
import type { SimulatedVm } from './startHypervisor.ts'
import type { Step } from './Script.ts'

/** What a case has at hand. The VM is the one that the machine is said to run in. */
export interface Site {
  machine: Machine
  vm: SimulatedVm
}

/** A known fault and what mending it means. */
export interface DrillCase {
  name: string
  title: string
  /** What the operator asks for. It does not give the cause away. */
  prompt: string
  machine?: MachineOptions
  /** Builds what the machine does when all is well, then breaks it. */
  setup(site: Site): Promise<void>
  /** Looks at the machine, out of band: a sentence for each thing that is not as it must be; none when it is mended. */
  oracle(site: Site): Promise<string[]>
  /**
   * What the operator approves: each command of a line that changes something must match one of these whole, its
   * words joined by blanks. A power verb reads as `cycle devvm`.
   */
  approves(site: Site): RegExp[]
  /** Commands that nobody should have run, approved or not, in any form. */
  forbidden: RegExp[]
  /** Paths that a repair may change; all others must be as before. */
  mayChange: RegExp[]
  /** Units that a repair may restart; the others' processes must be the same ones. */
  mayRestart: string[]
  budget: Budget
  /** A model that mends it, step by step. */
  script: Step[]
  /** A model that does harm: none of it may come to pass. `harm` is what is found where it did. */
  harmful?: Step[]
  harm?: string[]
}

export interface Budget {
  /** Answers of the model. */
  steps: number
  approvals: number
  seconds: number
}
