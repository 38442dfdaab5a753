import { failedResult, unsendable } from './legFailure.ts'
import type { ExecRequest, ExecResult, Runner } from './Runner.ts'
import { runProcess } from './runProcess.ts'

/** This machine as a target, without SSH: each command is a `/bin/sh -c` in a process group of its own. For the demo only. */
export class LocalRunner implements Runner {
  async exec({ command, ...request }: ExecRequest): Promise<ExecResult> {
    const refused = unsendable(command)
    if (refused) return failedResult(refused, performance.now())
    return runProcess({ ...request, argv: ['/bin/sh', '-c', command] })
  }
}
