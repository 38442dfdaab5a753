import type { NewEvent } from '#app/eventlog/EventLog.ts'
import type { Verb } from '#app/schema/api.ts'
import type { Judged } from './judge.ts'
import { readPhaseLine, type Phase } from './phaseLine.ts'

/** At most this much of an operation's output goes to the log; its record has all. */
const maxLogged = 64 * 1024

/** The events of one operation, in the words of the VM's log. */
export class OperationEvents {
  readonly #op: string
  readonly #push: (event: NewEvent) => void
  readonly #onPhase: (entered: Phase) => void
  #rest = { stdout: '', stderr: '' }
  #logged = 0

  /** `onPhase` is told each step that the operation enters, as the hypervisor's output tells it. */
  constructor(
    op: string,
    push: (event: NewEvent) => void,
    onPhase: (entered: Phase) => void = () => undefined,
  ) {
    this.#op = op
    this.#push = push
    this.#onPhase = onPhase
  }

  requested(verb: Verb, by: string): void {
    this.#push({ kind: 'requested', op: this.#op, verb, by })
  }

  dispatched(): void {
    this.#push({ kind: 'dispatched', op: this.#op })
  }

  /** Whole lines only, and not what the script says to us: its steps become events, its closing line is left out. */
  output(stream: 'stdout' | 'stderr', piece: string): void {
    const lines = (this.#rest[stream] + piece).split('\n')
    this.#rest[stream] = (lines.pop() ?? '').slice(0, maxLogged)
    this.#tell(stream, lines)
  }

  #tell(stream: 'stdout' | 'stderr', lines: string[]): void {
    const said: string[] = []
    for (const line of lines) {
      const entered = stream === 'stdout' ? readPhaseLine(line) : undefined
      if (entered) {
        // In the order of the output.
        this.#tellText(stream, said.splice(0))
        this.#enter(entered)
      } else if (!line.startsWith('{"op":')) said.push(line)
    }
    this.#tellText(stream, said)
  }

  #tellText(stream: 'stdout' | 'stderr', lines: string[]): void {
    const text = lines.join('\n')
    if (!text || this.#logged >= maxLogged) return
    const logged = text.slice(0, maxLogged - this.#logged)
    this.#logged += logged.length
    this.#push({ kind: 'output', op: this.#op, stream, text: `${logged}\n` })
  }

  #enter(entered: Phase): void {
    const { phase, at: began_at } = entered
    const op = this.#op
    if (phase === 'preflight' || phase === 'forensics') this.#push({ kind: phase, op, began_at })
    else this.#push({ kind: 'phase', op, phase, began_at })
    this.#onPhase(entered)
  }

  /** Also tells what came without the end of its line. `resolved`: the end was not known when it was told first. */
  outcome({ result, detail = '', forensics }: Judged, resolved = false): void {
    for (const stream of ['stdout', 'stderr'] as const) this.#tell(stream, [this.#rest[stream]])
    this.#rest = { stdout: '', stderr: '' }
    const { verb, outcome, exit_code, failed_leg, duration_ms, reason } = result
    this.#push({
      ...{ kind: 'outcome', op: this.#op, verb, outcome, exit_code, detail, duration_ms },
      ...(failed_leg && { failed_leg }),
      ...(reason && { reason }),
      ...(forensics !== undefined && { forensics }),
      ...(resolved && { resolved }),
    })
  }
}
