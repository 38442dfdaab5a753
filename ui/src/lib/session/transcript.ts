import type { Leg, Level } from '#app/schema/events.ts'
import type { Usage } from './usage.ts'

/** What a session's log means to someone who reads it. Made by `foldTranscript`, never changed in place. */
export interface Transcript {
  /** The last seq that was folded. */
  head: number
  title: string
  agent: string
  model: string
  target: string
  state: 'idle' | 'running' | 'archived'
  /** Of all turns together; null where no model was asked. */
  usage: Usage | null
  turns: Turn[]
}

/** From a prompt to its end; `end` is null while it runs. */
export interface Turn {
  /** Stable across folds: the seq of its first event. */
  key: number
  prompt: { text: string; by: string; preset?: string } | null
  startedAt: string
  blocks: Block[]
  events: number
  /** What comes after this seq was said in the step that runs now. */
  stepFrom: number
  usage: Usage | null
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
  /** `cut`: the step was asked anew, and this is no part of the answer. */
  | { type: 'text'; key: number; text: string; cut: boolean }
  | { type: 'calls'; key: number; calls: ToolCall[] }
  | { type: 'findings'; key: number; findings: Finding[] }
  | { type: 'notice'; key: number; level: 'info' | 'warn' | 'crit'; text: string }
  /** What the turn itself told the model. */
  | { type: 'nudge'; key: number; text: string }
  | Approval
  | Question

export interface Approval {
  type: 'approval'
  key: number
  approval: string
  call: string
  action: string
  target: string
  why: string
  risk: string
  undo: string | null
  expires: string
  state: ApprovalState
}

/** `closed`: the call or the turn ended without a decision. */
export type ApprovalState =
  | { state: 'pending' | 'closed' }
  | { state: 'decided'; decision: 'approve' | 'deny'; by: string; at: string; reason: string | null }

export interface Question {
  type: 'question'
  key: number
  question: string
  text: string
  options: string[]
  state: QuestionState
}

export type QuestionState =
  { state: 'pending' | 'closed' } | { state: 'answered'; text: string; by: string; at: string }

export interface ToolCall {
  key: number
  call: string
  /** What is run, in one line: the command of `shell`, else its arguments. */
  title: string
  name: string
  /** In full, for a tool that is no shell. */
  input: { name: string; value: string }[]
  target?: string
  startedAt: string
  /** Exactly what went out, of a call that changes something. */
  change: string | null
  /** The end of what it printed so far. */
  printed: string
  state: 'waiting' | 'running' | 'ended'
  /** An operator said no. */
  denied: boolean
  /** Null while it has not ended, and where its turn ended before it. */
  output: ToolOutput | null
}

export interface ToolOutput {
  /** The seq of the event, by which the whole output can be read. */
  seq: number
  exitCode: number | null
  stdout: string
  stderr: string
  truncated: boolean
  /** How long the whole is, where it was capped and that is known. */
  bytes: number | null
  durationMs: number
  refused: boolean
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
  usage: null,
  turns: [],
}
