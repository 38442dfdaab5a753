import type { NewEvent } from '#app/eventlog/EventLog.ts'
import type { PowerResult, Verb } from '#app/schema/api.ts'

/** At most this much of an operation's output goes to the log; its record has all. */
const maxLogged = 64 * 1024

/** The events of one operation, in the words of the VM's log. */
export class OperationEvents {
  readonly #op: string
  readonly #push: (event: NewEvent) => void
  #rest = { stdout: '', stderr: '' }
  #logged = 0

  constructor(op: string, push: (event: NewEvent) => void) {
    this.#op = op
    this.#push = push
  }

  requested(verb: Verb, by: string): void {
    this.#push({ kind: 'requested', op: this.#op, verb, by })
  }

  dispatched(): void {
    this.#push({ kind: 'dispatched', op: this.#op })
  }

  /** Whole lines only, and not the script's closing line of JSON. */
  output(stream: 'stdout' | 'stderr', piece: string): void {
    const lines = (this.#rest[stream] + piece).split('\n')
    this.#rest[stream] = (lines.pop() ?? '').slice(0, maxLogged)
    this.#tell(stream, lines)
  }

  #tell(stream: 'stdout' | 'stderr', lines: string[]): void {
    const text = lines.filter((line) => !line.startsWith('{"op":')).join('\n')
    if (!text || this.#logged >= maxLogged) return
    const logged = text.slice(0, maxLogged - this.#logged)
    this.#logged += logged.length
    this.#push({ kind: 'output', op: this.#op, stream, text: `${logged}\n` })
  }

  /** Also tells what came without the end of its line. */
  outcome({ verb, outcome, exit_code, stderr, failed_leg, duration_ms }: PowerResult): void {
    for (const stream of ['stdout', 'stderr'] as const) this.#tell(stream, [this.#rest[stream]])
    this.#rest = { stdout: '', stderr: '' }
    const leg = failed_leg && { failed_leg }
    const detail = stderr.trim().split('\n').at(-1) ?? ''
    this.#push({ kind: 'outcome', op: this.#op, verb, outcome, exit_code, detail, duration_ms, ...leg })
  }
}
