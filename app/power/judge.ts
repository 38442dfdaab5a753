import type { Outcome, PowerResult, Verb } from '#app/schema/api.ts'
import type { Leg } from '#app/schema/events.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { readHostAnswer, type HostEnd } from './hostAnswer.ts'
import { verbTable } from './verbs.ts'

/** How a verb ended: what its caller is answered, and what its record keeps beside that. */
export interface Judged {
  result: PowerResult
  /** Why it ended so, in a sentence; absent when there is nothing to explain. */
  detail?: string
  /** Whether the hypervisor keeps a report from before it; absent where it did not say. */
  forensics?: boolean
}

/** When one of these failed, the request never reached the hypervisor's shell. */
const beforeSending = new Set<Leg>(['name', 'tcp', 'host_key', 'auth', 'channel', 'command'])

/**
 * The host script's exit codes, where its last line is missing. 126 and 127 come from the account's shell: the
 * script is not there. Any other code says nothing about a mutation.
 */
const outcomeOfCode: Record<number, Outcome> = {
  64: 'refused',
  75: 'refused',
  76: 'refused',
  78: 'refused',
  126: 'refused',
  127: 'refused',
}
/** Safe to believe only when the last line is missing because the output was too long to keep. */
const outcomeOfCodeWhenCut: Record<number, Outcome> = {
  ...outcomeOfCode,
  0: 'done',
  70: 'failed',
  72: 'failed',
}

/**
 * Says what a verb's end was, from how its command ended. Lost contact or a time-out after sending is `unknown`,
 * never `failed` and never `done`; what failed before sending is `refused`: nothing was run.
 */
export function judge(verb: Verb, op: string, result: ExecResult): Judged {
  const { text, end } = readHostAnswer(result.stdout)
  const known = end && matches(end, verb, op, result.exitCode) ? end : undefined
  const outcome = outcomeOf(verb, result, known)
  const code = outcome === 'refused' ? refusalCode(result.exitCode) : undefined
  const saysWhy = [result.failure, known?.detail, outcome === 'unknown' && !known && !result.failure && vague]
  const detail = saysWhy.filter(Boolean).join(' ') || (outcome === 'done' ? '' : lastLine(result.stderr))
  return {
    result: {
      verb,
      exit_code: outcome === 'done' || outcome === 'failed' ? result.exitCode : null,
      stdout: text,
      stderr: withSentences(result.stderr, saysWhy),
      rejected: outcome === 'refused',
      outcome,
      op: code === 'busy' ? (known?.running ?? op) : op,
      duration_ms: Math.round(result.durationMs),
      ...(result.failedLeg && { failed_leg: result.failedLeg }),
      ...(code && { code }),
      ...(known?.reason && { reason: known.reason }),
    },
    ...(detail && { detail }),
    ...(typeof known?.forensics === 'boolean' && { forensics: known.forensics }),
  }
}

const vague = 'The hypervisor ended the command without saying how the operation ended.'

function matches(end: HostEnd, verb: Verb, op: string, exitCode: number | null): boolean {
  if (end.exit_code !== exitCode) return false
  // Before it has read the request, the script cannot name it.
  if (end.outcome === 'refused' && end.verb === null) return true
  return end.verb === verb && (end.op === op || (end.op === null && !verbTable[verb].mutating))
}

function outcomeOf(
  verb: Verb,
  { exitCode, failedLeg, truncated }: ExecResult,
  end: HostEnd | undefined,
): Outcome {
  if (exitCode === null) return failedLeg && beforeSending.has(failedLeg) ? 'refused' : 'unknown'
  if (end) return end.outcome
  const table = truncated ? outcomeOfCodeWhenCut : outcomeOfCode
  return table[exitCode] ?? (verbTable[verb].mutating ? 'unknown' : 'failed')
}

function refusalCode(exitCode: number | null): 'busy' | 'conflict' | undefined {
  if (exitCode === 75) return 'busy'
  // The server only sends well-formed requests: this op is another verb's.
  return exitCode === 64 ? 'conflict' : undefined
}

function lastLine(stderr: string): string {
  return stderr.trim().split('\n').at(-1) ?? ''
}

function withSentences(stderr: string, sentences: (string | false | null | undefined)[]): string {
  const missing = sentences.filter((sentence) => sentence && !stderr.includes(sentence))
  if (missing.length === 0) return stderr
  return [stderr.trimEnd(), ...missing].filter(Boolean).join('\n')
}
