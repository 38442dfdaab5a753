import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import type { PowerResult, Verb } from '#app/schema/api.ts'
import type { Tool } from './Tool.ts'
import { notRun } from './notRun.ts'

const parameters = z.object({
  verb: z.enum(['status', 'forensics']).describe('Both only look.'),
  vm: z.string().min(1),
})
export type PowerInput = z.infer<typeof parameters>

export interface PowerDeps {
  power: {
    /** The same way to a VM as the buttons'. Throws `not_found` for an unknown VM. */
    run(
      vm: string,
      verb: Verb,
      options: { op: string; by: string; signal: AbortSignal },
    ): Promise<PowerResult>
  }
}

/** Asks the hypervisor about a VM. The verbs that change something are not among its arguments. */
export function powerTool({ power }: PowerDeps): Tool<PowerInput> {
  return {
    name: 'power',
    description: 'Asks the hypervisor for the state of a VM, or for forensics.',
    parameters,
    mutates: () => false,
    timeoutMs: 30_000,
    async run({ verb, vm }, { signal }) {
      const op = randomBytes(16).toString('hex')
      try {
        const result = await power.run(vm, verb, { op, by: 'runbook', signal })
        return {
          exitCode: result.exit_code,
          stdout: result.stdout,
          stderr: result.stderr,
          truncated: false,
          durationMs: result.duration_ms,
          ...(result.failed_leg === undefined ? {} : { failedLeg: result.failed_leg }),
        }
      } catch (error) {
        if (error instanceof AppError) return notRun('name', error.message)
        throw error
      }
    },
  }
}
