import { createHash } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import type { Mode } from '#app/policy/Classified.ts'
import { verbs, type PowerResult, type Verb } from '#app/schema/api.ts'
import type { CallContext, Risk, Tool, ToolResult, Verdict } from './Tool.ts'
import { notRun } from './notRun.ts'
import { quoteModel } from './quoteModel.ts'
import { unlessAborted } from './unlessAborted.ts'

const parameters = z.object({
  verb: z
    .enum(verbs)
    .describe(
      'status and forensics only look. cycle = stop, then start: a fresh process. reset = warm, in the same process: useless for a wedged VM.',
    ),
  vm: z.string().max(64).optional().describe("Default: the VM that holds the session's target."),
  why: z
    .string()
    .max(500)
    .optional()
    .describe('What this is for, in one sentence; the operator who is asked reads it.'),
})
export type PowerInput = z.infer<typeof parameters>

export interface PowerToolVm {
  name: string
  title: string
  /** Names of the targets that run inside it. */
  targets: string[]
  /** A fingerprint of where its hypervisor is. */
  leadsTo: string
}

export interface PowerDeps {
  power: {
    /** The same way to a VM as the buttons'. Throws `not_found` for an unknown VM. */
    run(
      vm: string,
      verb: Verb,
      options: { op: string; by: string; signal: AbortSignal },
    ): Promise<PowerResult>
  }
  vms: () => PowerToolVm[]
  /** A VM with a target that is read-only is not an agent's to switch. */
  modeOf: (target: string) => Mode
}

interface Change {
  risk: Risk
  why: (title: string) => string
  undo: string
}

const changes: Record<Exclude<Verb, 'status' | 'forensics'>, Change> = {
  reset: {
    risk: 'destructive',
    why: (title) => `This resets ${title} like its reset button: unsaved work in it is lost.`,
    undo: 'Nothing brings unsaved work back; the VM boots again by itself.',
  },
  stop: {
    risk: 'destructive',
    why: (title) => `This ends ${title} at once, as if its plug were pulled: unsaved work in it is lost.`,
    undo: 'start brings the VM back; unsaved work stays lost.',
  },
  start: { risk: 'medium', why: (title) => `This starts ${title}.`, undo: 'stop ends it again.' },
  cycle: {
    risk: 'destructive',
    why: (title) => `This ends ${title} and starts a fresh process: unsaved work in it is lost.`,
    undo: 'Nothing brings unsaved work back; the VM boots again by itself.',
  },
}

/** A cycle may take 300 s on the hypervisor, after connecting to it. */
const timeoutMs = 360_000

/** The power verbs. What changes a VM is asked for in every mode: an owner's `autonomous` speaks of a target, not of its VM. */
export function powerTool({ power, vms, modeOf }: PowerDeps): Tool<PowerInput> {
  return {
    name: 'power',
    description:
      'Runs a power verb on a VM through its hypervisor, which works when the guest does not. The verbs other than status and forensics wait for an operator.',
    parameters,
    timeoutMs,
    prepare({ verb, vm: named, why }, context) {
      const found = findVm(vms(), named, context.target)
      if (typeof found === 'string')
        return {
          ...{ action: verb, target: named ?? '', verdict: { type: 'read' } },
          run: async () => notRun('name', found),
        }
      const verdict = verdictOf(verb, found, why, modeOf)
      const op = opOf(context)
      return {
        action: `${verb} ${found.name}`,
        target: found.name,
        where: { kind: 'vm', name: found.name, targets: found.targets, leadsTo: found.leadsTo },
        verdict,
        async run({ signal }) {
          if (verdict.type === 'deny') return notRun('command', verdict.why)
          if (signal.aborted) return notRun('cancelled', 'Cancelled before it was asked for.')
          const run = power.run(found.name, verb, { op, by: context.operator, signal })
          return unlessAborted(run.then(toResult, toFailure), signal, () => givenUp(verb, verdict, op))
        },
      }
    },
  }
}

function findVm(vms: PowerToolVm[], named: string | undefined, target: string): PowerToolVm | string {
  const found = vms.find(({ name, targets }) =>
    named === undefined ? targets.includes(target) : name === named,
  )
  if (found) return found
  if (vms.length === 0) return 'No VM is configured.'
  const missing =
    named === undefined
      ? `No VM is known to hold the target ${JSON.stringify(target)}: name one.`
      : `There is no VM ${JSON.stringify(named)}.`
  return `${missing} There ${vms.length === 1 ? 'is' : 'are'}: ${vms.map(({ name }) => name).join(', ')}.`
}

function verdictOf(
  verb: Verb,
  vm: PowerToolVm,
  words: string | undefined,
  modeOf: PowerDeps['modeOf'],
): Verdict {
  if (verb === 'status' || verb === 'forensics') return { type: 'read' }
  const kept = vm.targets.find((target) => modeOf(target) === 'read-only')
  if (kept !== undefined)
    return { type: 'deny', why: `${vm.title} holds the target ${kept}, which is read-only for agents.` }
  const { risk, why, undo } = changes[verb]
  const reason = words ? `${why(vm.title)} ${quoteModel(words)}` : why(vm.title)
  return { type: 'ask', why: reason, risk, undo, readBack: true }
}

/** The same call has the same op wherever it is asked for: the hypervisor never runs an op twice. */
function opOf({ sessionId, call }: CallContext): string {
  return createHash('sha256')
    .update(JSON.stringify(['power', sessionId, call]))
    .digest('hex')
    .slice(0, 32)
}

function toResult(result: PowerResult): ToolResult {
  const { verb, outcome, exit_code, stdout, stderr, failed_leg, duration_ms, op } = result
  const ended = { exitCode: exit_code, stdout, stderr, truncated: false, durationMs: duration_ms }
  if (outcome === 'unknown' && verb in changes) {
    const unknown = `How the ${verb} ended is unknown (op ${op}): it may have run. Look at the status before anything else.`
    const failure = [stderr.trimEnd(), unknown].filter(Boolean).join('\n')
    return { ...ended, exitCode: null, stderr: '', failedLeg: failed_leg ?? 'lost', failure }
  }
  if (exit_code === null || outcome === 'unknown') {
    const failure = stderr || `The ${verb} was ${outcome}.`
    const leg = failed_leg ?? (outcome === 'unknown' ? 'lost' : 'command')
    return { ...ended, exitCode: null, stderr: '', failedLeg: leg, failure }
  }
  return { ...ended, ...(failed_leg !== undefined && { failedLeg: failed_leg }) }
}

function toFailure(error: unknown): ToolResult {
  if (error instanceof AppError) return notRun('name', error.message)
  throw error
}

function givenUp(verb: Verb, { type }: Verdict, op: string): ToolResult {
  if (type === 'read') return notRun('cancelled', `The wait for the ${verb} was given up.`)
  return notRun(
    'cancelled',
    `The wait for the ${verb} was given up; it goes on, and its end is unknown (op ${op}).`,
  )
}
