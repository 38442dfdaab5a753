import { z } from 'zod'
import type { Preset } from '#app/schema/preset.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import type { Tool } from './Tool.ts'
import { notRun } from './notRun.ts'

const parameters = z.object({
  command: z.string().min(1).max(10_000).describe('One shell command line.'),
  target: z.string().optional().describe('Where it runs; by default the target of the session.'),
  timeout_s: z.number().positive().max(60).optional(),
})
export type ShellInput = z.infer<typeof parameters>

export interface ShellDeps {
  /** Their probes are the only commands that run: each must be the very text of one. */
  presets: Preset[]
  runnerOf: (target: string) => Runner | undefined
}

const defaultTimeoutS = 30
const maxOutputBytes = 512 * 1024

/** Runs one command on one target. Only the read-only commands of the loaded presets are known to change nothing. */
export function shellTool({ presets, runnerOf }: ShellDeps): Tool<ShellInput> {
  const readOnly = new Set(
    presets.flatMap(({ runbook }) =>
      (runbook?.probes ?? []).flatMap((probe) => ('command' in probe ? [probe.command] : [])),
    ),
  )
  return {
    name: 'shell',
    description: 'Runs one command on one target and returns its exit code, stdout and stderr.',
    parameters,
    mutates: ({ command }) => !readOnly.has(command),
    timeoutMs: 120_000,
    async run({ command, target: named, timeout_s = defaultTimeoutS }, { target: own, signal }) {
      const target = named ?? own
      if (!readOnly.has(command)) return notRun('command', 'Refused: only the commands of presets run here.')
      const runner = runnerOf(target)
      if (!runner)
        return notRun(
          'name',
          target === '' ? 'No target is configured.' : `There is no target ${JSON.stringify(target)}.`,
        )
      return runner.exec({ command, timeoutMs: timeout_s * 1000, maxOutputBytes, signal })
    },
  }
}
