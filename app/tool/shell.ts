import { z } from 'zod'
import type { Classified, Mode } from '#app/policy/Classified.ts'
import type { Preset } from '#app/schema/preset.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import type { Tool, Verdict } from './Tool.ts'
import { notRun } from './notRun.ts'
import { quoteModel } from './quoteModel.ts'

const readLimitS = 60
const writeLimitS = 600
const defaultTimeoutS = 30
/** Connecting and opening the channel have limits of their own. */
const reachS = 45

const parameters = z.object({
  command: z
    .string()
    .min(1)
    .max(10_000)
    .describe('One shell command line, not interactive, that ends by itself.'),
  target: z.string().max(64).optional().describe('Where it runs; by default the target of the session.'),
  timeout_s: z
    .number()
    .positive()
    .max(writeLimitS)
    .optional()
    .describe(`Default ${defaultTimeoutS}; what only reads gets at most ${readLimitS}.`),
  why: z
    .string()
    .max(500)
    .optional()
    .describe('What this is for, in one sentence; an operator who is asked reads it.'),
})
export type ShellInput = z.infer<typeof parameters>

export interface ShellDeps {
  /** Their probes are known to change nothing, as they are written. */
  presets: Preset[]
  targets: () => string[]
  runnerOf: (target: string) => Runner | undefined
  /** A fingerprint of where the target's name leads. */
  leadsTo: (target: string) => string
  modeOf: (target: string) => Mode
  classify: (command: string, mode: Mode) => Classified | Promise<Classified>
}

/** Runs one command on one target. */
export function shellTool({
  presets,
  targets,
  runnerOf,
  leadsTo,
  modeOf,
  classify,
}: ShellDeps): Tool<ShellInput> {
  const probes = new Set(
    presets.flatMap(({ runbook }) =>
      (runbook?.probes ?? []).flatMap((probe) => ('command' in probe ? [probe.command] : [])),
    ),
  )
  return {
    name: 'shell',
    description:
      'Runs one command on one target and returns its exit code, stdout and stderr. What only reads runs at once; what changes something, and what policy does not know, waits for an operator or is refused with the reason. Long output is cut in the middle: the tool output pages it.',
    parameters,
    timeoutMs: (writeLimitS + reachS) * 1000,
    async prepare({ command, target: named, timeout_s = defaultTimeoutS, why }, { target: own }) {
      const target = named ?? own
      const runner = runnerOf(target)
      if (!runner) {
        const why = unknownTarget(target, targets())
        return { action: command, target, verdict: read, run: async () => notRun('name', why) }
      }
      const mode = modeOf(target)
      const classified = probes.has(command) ? undefined : await classify(command, mode)
      const verdict = classified ? verdictOf(classified, mode, why) : read
      const action = classified?.action ?? command
      const limitS = verdict.type === 'read' ? readLimitS : writeLimitS
      const timeoutMs = Math.min(timeout_s, limitS) * 1000
      return {
        action,
        target,
        where: { kind: 'target', name: target, targets: [target], leadsTo: leadsTo(target) },
        verdict,
        async run(context) {
          if (verdict.type === 'deny') return notRun('command', verdict.why)
          // All of it goes to `write`: nothing is kept twice.
          const result = await runner.exec({
            command: action,
            timeoutMs,
            maxOutputBytes: 0,
            signal: context.signal,
            onOutput: (stream, text) => context.write(stream, text),
          })
          return { ...result, stdout: '', stderr: '', truncated: false }
        },
      }
    },
  }
}

const read: Verdict = { type: 'read' }

function verdictOf(
  { verdict, why: reason, risk, undo, observes }: Classified,
  mode: Mode,
  words?: string,
): Verdict {
  if (verdict === 'allow') return { type: 'read', observes }
  if (verdict === 'deny') return { type: 'deny', why: reason }
  if (mode === 'read-only') return { type: 'deny', why: `${reason} This target is read-only for agents.` }
  const why = words ? `${reason} ${quoteModel(words)}` : reason
  if (mode === 'autonomous') return { type: 'write', why, readBack: true }
  return { type: 'ask', why, risk, ...(undo !== undefined && { undo }), readBack: true }
}

function unknownTarget(target: string, known: string[]): string {
  if (known.length === 0) return 'No target is configured.'
  const asked = target === '' ? 'No target is named.' : `There is no target ${JSON.stringify(target)}.`
  return `${asked} There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ')}.`
}
