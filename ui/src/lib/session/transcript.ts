import type { Leg, Level } from '#app/schema/events.ts'

/** What a session's log means to someone who reads it. Made by `foldTranscript`, never changed in place. */
export interface Transcript {
  /** The last seq that was folded. */
  head: number
  title: string
  agent: string
  model: string
  target: string
  state: 'idle' | 'running' | 'archived'
  turns: Turn[]
}

/** From a prompt to its end; `end` is null while it runs. */
export interface Turn {
  /** Stable across folds: the seq of its first event. */
  key: number
  prompt: { text: string; preset?: string } | null
  startedAt: string
  blocks: Block[]
  events: number
  /** The server's own measure, told just before the end. */
  result: { durationMs: number; isError: boolean } | null
  end: TurnEnd | null
}

export interface TurnEnd {
  reason: string
  at: string
  durationMs: number
  isError: boolean
}

export type Block =
  | { type: 'text'; key: number; text: string }
  | { type: 'calls'; key: number; calls: ToolCall[] }
  | { type: 'findings'; key: number; findings: Finding[] }
  | { type: 'notice'; key: number; level: 'info' | 'warn' | 'crit'; text: string }

export interface ToolCall {
  key: number
  call: string
  /** What is run, in one line: the command of `shell`, else the tool's name and its arguments. */
  title: string
  name: string
  target?: string
  output: ToolOutput | null
}

export interface ToolOutput {
  /** The seq of the event, by which the whole output can be read. */
  seq: number
  exitCode: number | null
  stdout: string
  stderr: string
  truncated: boolean
  durationMs: number
  failedLeg?: Leg
}

export interface Finding {
  key: number
  /** `unknown` could not be checked. */
  level: Level | 'unknown'
  probe: string
  text: string
  /** With its unit; null where there is none. */
  value: string | null
}

export const emptyTranscript: Transcript = {
  head: 0,
  title: '',
  agent: '',
  model: '',
  target: '',
  state: 'idle',
  turns: [],
}
