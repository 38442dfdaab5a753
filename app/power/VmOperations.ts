import type { Operation, PowerResult, Verb } from '#app/schema/api.ts'

const keep = 50

interface Running {
  op: string
  verb: Verb
  end: Promise<PowerResult>
}

/** The operations of one VM that this process knows: at most one mutation that runs, and the last 50. */
export class VmOperations {
  readonly #records = new Map<string, Operation>()
  #running: Running | undefined

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

  put(operation: Operation): void {
    this.#records.delete(operation.op)
    this.#records.set(operation.op, operation)
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

  end(op: string, result: PowerResult): void {
    const record = this.#records.get(op)
    if (record) this.#records.set(op, endedOperation(record, result))
  }

  get(op: string): Operation | undefined {
    return this.#records.get(op)
  }

  /** Newest first, without their bodies. */
  list(): Operation[] {
    return [...this.#records.values()].reverse().map(({ result: _, ...operation }) => operation)
  }
}

export function endedOperation(operation: Operation, result: PowerResult): Operation {
  const { outcome, exit_code, duration_ms } = result
  return { ...operation, state: 'ended', phase: 'outcome', outcome, exit_code, duration_ms, result }
}
