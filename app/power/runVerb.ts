import type { Verb } from '#app/schema/api.ts'
import type { ExecRequest } from '#app/ssh/Runner.ts'
import { judge, type Judged } from './judge.ts'
import type { PowerVm } from './PowerVm.ts'
import { verbTable } from './verbs.ts'

/** The forensics report is at most 256 KiB. */
const maxOutputBytes = 512 * 1024

export interface RunVerbOptions {
  /** 32 hex digits that name the operation. */
  op: string
  /** Ends the wait for what only reads. A mutation, once asked for, is never given up by its caller. */
  signal?: AbortSignal
  onOutput?: ExecRequest['onOutput']
  onSent?: ExecRequest['onSent']
}

/** Sends one verb to the VM's hypervisor and says how it ended. Never throws; keeps no state. */
export async function runVerb(vm: PowerVm, verb: Verb, options: RunVerbOptions): Promise<Judged> {
  const { op, signal, onOutput, onSent } = options
  const { mutating, timeoutMs } = verbTable[verb]
  const request: ExecRequest = {
    // A report is kept under its op too.
    command: verb === 'status' ? verb : `${verb} ${op}`,
    timeoutMs,
    maxOutputBytes,
    ...(onOutput && { onOutput }),
    ...(onSent && { onSent }),
    ...(signal && !mutating && { signal }),
  }
  return judge(verb, op, await (verb === 'status' ? vm.warm : vm.fresh).exec(request))
}

/** Asks the hypervisor how an operation ended, without running anything. */
export async function askForOperation(vm: PowerVm, op: string, signal: AbortSignal): Promise<Judged> {
  const request = { command: `status ${op}`, timeoutMs: verbTable.status.timeoutMs, maxOutputBytes, signal }
  return judge('status', op, await vm.warm.exec(request))
}
