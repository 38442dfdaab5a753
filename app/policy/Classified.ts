/** What the agent may do on a target. `read-only`: what would be asked is denied. `autonomous`: it is done. */
export type Mode = 'read-only' | 'ask' | 'autonomous'

/** A command line, judged. */
export interface Classified {
  /** `allow`: every simple command in it is known to change nothing. In every mode `deny` stays `deny`. */
  verdict: 'allow' | 'ask' | 'deny'
  /** A sentence: which part, and what about it. Shown to the operator and to the model. */
  why: string
  risk: 'low' | 'medium' | 'high' | 'destructive'
  /** What takes it back, in a sentence, where that is known (`systemctl start X` ← `systemctl stop X`). */
  undo?: string
  /**
   * Exactly what runs: printed again from the parsed tree, every word single-quoted, globs and `~` that policy
   * allowed left open. Where the line could not be parsed or printed it is the text itself, and `verdict` is not
   * `allow`.
   */
  action: string
  /**
   * Whether its output tells something of the machine's state. A change must be looked at before the next: only
   * such a line is a look. False where every command of it says what is known without the machine, or never changes
   * (`echo`, `sleep`, `date`, `id`, …), and where nothing of it can run; true for all else.
   */
  observes: boolean
}
