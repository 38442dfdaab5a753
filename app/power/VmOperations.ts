import type { Operation, PowerResult, Verb } from '#app/schema/api.ts'
import type { Judged } from './judge.ts'
import { addPhase, type Phase } from './phaseLine.ts'
import { verbTable } from './verbs.ts'

const keep = 50

export interface Running {
  op: string
  verb: Verb
  end: Promise<PowerResult>
}

/** The operations of one VM that this process knows: at most one mutation that runs, and the last 50. */
export class VmOperations {
  #records = new Map<string, Operation>()
  #running: Running | undefined
  #report: Promise<PowerResult> | undefined

  get running(): Running | undefined {
    return this.#running
  }

  /** Takes the mutation's place until it ends. The caller has seen, in the same tick, that it is free. */
  hold(running: Running): void {
    this.#running = running
    const release = () => {
      this.#running = undefined
    }
    running.end.then(release, release)
  }

  /** The forensics that are being made, or those that `make` begins: one at a time. */
  report(make: () => Promise<PowerResult>): Promise<PowerResult> {
    this.#report ??= make().finally(() => (this.#report = undefined))
    return this.#report
  }

  /** Takes in what is remembered elsewhere; what is known here stays as it is. */
  remember(told: Operation[]): void {
    const all = [...told.filter(({ op }) => !this.#records.has(op)), ...this.#records.values()]
    all.sort((a, b) => Date.parse(a.requested_at) - Date.parse(b.requested_at))
    this.#records = new Map(all.map((operation) => [operation.op, operation]))
    this.#trim()
  }

  put(operation: Operation): void {
    this.#records.delete(operation.op)
    this.#records.set(operation.op, operation)
    this.#trim()
  }

  #trim(): void {
    for (const [oldest, { state }] of this.#records) {
      if (this.#records.size <= keep) break
      if (state === 'ended') this.#records.delete(oldest)
    }
  }

  /** Notes how far an operation has come. */
  note(op: string, phase: string): void {
    const record = this.#records.get(op)
    if (record) this.#records.set(op, { ...record, phase })
  }

  /** Notes the step that an operation has entered, once. */
  enter(op: string, entered: Phase): void {
    const record = this.#records.get(op)
    if (!record) return
    const phases = addPhase(record.phases, entered)
    this.#records.set(op, { ...record, phase: entered.phase, phases })
  }

  end(op: string, judged: Judged): void {
    const record = this.#records.get(op)
    if (record) this.#records.set(op, endedOperation(record, judged))
  }

  /** The op of the mutation that runs as far as is known, from here or not. */
  get busy(): string | undefined {
    return [...this.#records.values()].find(
      ({ state, verb }) => state === 'running' && verbTable[verb].mutating,
    )?.op
  }

  get(op: string): Operation | undefined {
    return this.#records.get(op)
  }

  /** Newest first, without their bodies. */
  list(): Operation[] {
    return [...this.#records.values()]
      .reverse()
      .sort((a, b) => Date.parse(b.requested_at) - Date.parse(a.requested_at))
      .map(({ result: _, ...operation }) => operation)
  }
}

export function endedOperation(operation: Operation, { result, detail, forensics }: Judged): Operation {
  const { outcome, exit_code, duration_ms } = result
  const { detail: _, ...rest } = operation
  return {
    ...rest,
    state: 'ended',
    phase: 'outcome',
    outcome,
    exit_code,
    duration_ms,
    result,
    ...(detail && { detail }),
    ...(forensics !== undefined && { forensics }),
  }
}
