import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { homedir } from 'node:os'
import { constants } from 'node:os'
import type { Leg } from '#app/schema/events.ts'
import { CommandOutput } from './CommandOutput.ts'
import { Flow } from './Flow.ts'
import { failedResult } from './legFailure.ts'
import { Quiet } from './Quiet.ts'
import type { ExecRequest, ExecResult } from './Runner.ts'

export interface ProcessRequest extends Omit<ExecRequest, 'command'> {
  /** The program and its arguments; no shell reads them. */
  argv: [string, ...string[]]
  /** The whole environment: nothing is inherited. Default: `minimalEnvironment()`. */
  env?: Record<string, string>
}

const termGraceMs = 300
const killGraceMs = 200
const quietAfterExitMs = 250

/** What a command needs to find programs and speak plainly; none of this process's secrets. */
export function minimalEnvironment(): Record<string, string> {
  const path = process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return { PATH: path, HOME: homedir(), LANG: 'C.UTF-8', LC_ALL: 'C' }
}

/**
 * Runs a program on this machine as a process group of its own, in `/`. On time-out and on abort the whole group
 * gets SIGTERM and shortly after SIGKILL; what left the group by `setsid` lives on. Ends with the program's exit
 * even if a grandchild keeps its pipes open. Never throws; a death by signal is reported as 128 + its number.
 */
export function runProcess(request: ProcessRequest): Promise<ExecResult> {
  const startedAt = performance.now()
  const { argv, env = minimalEnvironment(), signal, timeoutMs } = request
  const [program, ...args] = argv
  if (signal?.aborted) {
    return Promise.resolve(
      failedResult({ leg: 'cancelled', failure: 'Cancelled before it began; it was not run.' }, startedAt),
    )
  }
  let child: ChildProcess
  try {
    child = spawn(program, args, { env, cwd: '/', detached: true, stdio: 'pipe' })
  } catch (error) {
    return Promise.resolve(failedResult(cannotStart(program, error), startedAt))
  }
  const { promise, resolve } = Promise.withResolvers<ExecResult>()
  const output = new CommandOutput(request)
  let exitCode: number | null = null
  let stopped: { leg: Leg; failure: string } | undefined
  let over = false
  let killTimer: NodeJS.Timeout | undefined

  const end = (result: ExecResult) => {
    if (over) return
    over = true
    clearTimeout(timer)
    clearTimeout(killTimer)
    quiet.stop()
    signal?.removeEventListener('abort', onAbort)
    for (const stream of child.stdio) stream?.destroy()
    resolve(result)
  }
  const endNow = () => end(output.result(stopped ? null : exitCode, startedAt, stopped))
  // What has arrived is still taken, unless nobody wants it any more.
  const finish = () => (stopped?.leg === 'cancelled' ? endNow() : flow.finish(endNow))
  const stop = (leg: 'timeout' | 'cancelled', failure: string) => {
    if (over || (stopped && leg === 'timeout')) return
    if (exitCode !== null) return leg === 'cancelled' ? endNow() : finish()
    const again = stopped !== undefined
    stopped = { leg, failure }
    if (again) return
    killGroup(child, 'SIGTERM')
    killTimer = setTimeout(() => {
      killGroup(child, 'SIGKILL')
      // A process in uninterruptible sleep outlives even that; nobody waits for it.
      killTimer = setTimeout(finish, killGraceMs)
    }, termGraceMs)
  }
  const onAbort = () => stop('cancelled', 'Cancelled; the process group was killed.')
  const quiet = new Quiet(quietAfterExitMs, finish)
  const onTimeout = () => {
    stop(
      'timeout',
      `No end within ${(timeoutMs / 1000).toLocaleString('en')} s; the process group was killed.`,
    )
  }
  let timer = setTimeout(onTimeout, timeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })

  const flow = new Flow(
    [child.stdout, child.stderr].filter((stream) => stream !== null),
    quiet,
  )
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (data: Buffer) => {
      if (over) return
      quiet.touch()
      const taken = output.add(name, data)
      if (taken) flow.hold(taken)
    })
  }
  child.on('spawn', () => request.onSent?.())
  child.on('error', (error) => {
    if (child.pid === undefined) end(failedResult(cannotStart(program, error), startedAt))
  })
  child.on('exit', (code, signalName) => {
    exitCode = code ?? 128 + (signalName ? constants.signals[signalName] : 0)
    if (stopped) {
      // Its children may have ignored SIGTERM.
      killGroup(child, 'SIGKILL')
      finish()
    } else {
      quiet.start()
      // What it printed may still wait for us.
      clearTimeout(timer)
      timer = setTimeout(onTimeout, timeoutMs)
    }
  })
  child.on('close', finish)
  // A program that does not read its input closes the pipe before all is written.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(request.stdin)
  return promise
}

function killGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: nobody is left in the group.
  }
}

function cannotStart(program: string, error: unknown) {
  const why =
    error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)
  return { leg: 'command', failure: `${program} cannot be started (${why}); nothing was run.` } as const
}
