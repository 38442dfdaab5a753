import type { Runner } from '#app/ssh/Runner.ts'
import { runProcess } from '#app/ssh/runProcess.ts'

/** Probes this machine itself, without SSH: `command` is one of the probe's two words. */
export function localProbe(script: string): Runner {
  return { exec: ({ command, ...request }) => runProcess({ ...request, argv: ['sh', script, command] }) }
}
