import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

/** A process of the bench: its exported operations, called by name. */
export interface Worker {
  pid: number
  call: (operation: string, ...args: unknown[]) => Promise<any> // each caller knows what its operation returns
  stop: () => Promise<void>
}

const serverCore = 0
const clientCore = 1

/** Whether server and client can have a core each; without that the figures mean little. */
export function canPin(): boolean {
  if (process.platform !== 'linux' || availableParallelism() < 2) return false
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Puts this process, and what it starts from now on, on the client's core. */
export function pinSelf(): void {
  if (canPin()) execFileSync('taskset', ['-cp', String(clientCore), String(process.pid)], { stdio: 'ignore' })
}

/** Starts a file of this folder on the core of its side. */
export async function startWorker(file: string, side: 'server' | 'client'): Promise<Worker> {
  const core = String(side === 'server' ? serverCore : clientCore)
  const path = resolve(import.meta.dirname, file)
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning']
  // Under taskset the first argument is the program to run.
  const child = canPin()
    ? fork(path, { execPath: 'taskset', execArgv: ['-c', core, process.execPath, ...flags] })
    : fork(path, { execArgv: flags })
  await once(child, 'message')
  return { pid: child.pid ?? 0, call: caller(child), stop: () => stop(child) }
}

interface Request {
  id: number
  operation: string
  args: unknown[]
}

interface Reply {
  id: number
  value?: unknown
  error?: string
}

function caller(child: ChildProcess): Worker['call'] {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let last = 0
  child.on('message', ({ id, value, error }: Reply) => {
    if (error === undefined) waiting.get(id)?.resolve(value)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`a bench process ended with ${code}`))
  })
  return (operation, ...args) => {
    const reply = Promise.withResolvers<unknown>()
    waiting.set(++last, reply)
    child.send({ id: last, operation, args })
    return reply.promise
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** The other side: makes `operations` callable by the process that started this one. */
export function serveOperations(operations: Record<string, (...args: any[]) => unknown>): void {
  const answer = async ({ id, operation, args }: Request): Promise<Reply> => {
    try {
      return { id, value: await operations[operation]?.(...args) }
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
  process.on('message', (request: Request) => void answer(request).then((reply) => process.send?.(reply)))
  process.once('disconnect', () => process.exit())
  process.send?.({ id: 0 })
}
