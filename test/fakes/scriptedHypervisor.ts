import type { PowerVm } from '#app/power/PowerVm.ts'
import type { ExecRequest, ExecResult, Runner } from '#app/ssh/Runner.ts'

const ended = { exitCode: 0, stderr: '', truncated: false, durationMs: 5 }

const done = (request: ExecRequest): ExecResult => {
  const [verb, asked] = request.command.split(' ')
  const end = { op: asked ?? null, verb, exit_code: 0, outcome: 'done', detail: null }
  return { ...ended, stdout: `ran\n${JSON.stringify(end)}\n` }
}

/** The end of a command that a leg of its connection took. */
export const failedLeg = (leg: 'lost' | 'tcp' | 'auth' | 'timeout'): ExecResult => ({
  ...{ ...ended, exitCode: null, stdout: '', failedLeg: leg, failure: `It was ${leg}.` },
})

/** What `status` answers, with what the journal says of the op that was asked for. */
export function journalled(operation: object | null, fields: object = {}): ExecResult {
  const end = { op: null, verb: 'status', exit_code: 0, outcome: 'done', detail: null }
  const nothing = { evidence: null, locked: null, pid: null, uptime_s: null, busy: null }
  const found = { state: 'running', qmp: null, wedged: false, ...nothing, read_at: '2026-11-20T03:00:00Z' }
  const stdout = `${JSON.stringify({ ...found, ...fields, operation })}\n${JSON.stringify(end)}\n`
  return { ...ended, stdout }
}

export type ScriptedHypervisor = ReturnType<typeof scriptedHypervisor>

/** A hypervisor with one VM, `vm1`, whose answers the test gives one by one, in the order of the questions. */
export function scriptedHypervisor(reaches = true) {
  const sent: string[] = []
  const waiting: { request: ExecRequest; resolve: (result: ExecResult) => void }[] = []
  const runner: Runner = {
    exec(request) {
      sent.push(request.command)
      if (reaches) request.onSent?.()
      const { promise, resolve } = Promise.withResolvers<ExecResult>()
      waiting.push({ request, resolve })
      return promise
    },
  }
  const vm: PowerVm = {
    ...{ name: 'vm1', title: 'VM 1', targets: [], demo: false, hypervisor: 'pve1' },
    ...{ fresh: runner, warm: runner },
  }
  return {
    vm,
    sent,
    /** Prints something for the oldest question that is open. */
    print: (text: string) => void waiting[0]?.request.onOutput?.('stdout', text),
    /** Resolves once a question is open. */
    async open() {
      while (waiting.length === 0) await new Promise(setImmediate)
    },
    /** Ends the oldest question that is open. */
    answer(result: ExecResult | 'done') {
      const oldest = waiting.shift()
      oldest?.resolve(result === 'done' ? done(oldest.request) : result)
    },
  }
}
