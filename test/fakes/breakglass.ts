import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { once } from 'node:events'

export interface Breakglass {
  url: string
  pid: number
  dataDir: string
  /** Everything that it printed so far. */
  output: () => string
  api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>
  kill: (signal: NodeJS.Signals) => Promise<number | null>
  /** Ends it and starts it again on the same data and port. */
  restart: (signal?: NodeJS.Signals) => Promise<void>
  /** Ends it and removes its data. */
  stop: () => Promise<void>
}

export interface Reply {
  status: number
  headers: Headers
  text: string
  // The shape differs per route; each test says what it expects of it.
  json: any
}

const main = resolve(import.meta.dirname, '../../app/main.ts')

/** The real server as a process of its own, on a free loopback port and a temporary data folder. */
export async function startBreakglass(env: Record<string, string> = {}): Promise<Breakglass> {
  const dataDir = env.BREAKGLASS_DATA ?? (await mkdtemp(join(tmpdir(), 'breakglass-')))
  let listen = env.BREAKGLASS_LISTEN ?? '127.0.0.1:0'
  let output = ''
  let child: ChildProcess
  const self: Breakglass = {
    url: '',
    pid: 0,
    dataDir,
    output: () => output,
    async api(method, path, body, headers = {}) {
      const response = await fetch(self.url + path, {
        method,
        redirect: 'manual',
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      }
    },
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const exit = once(child, 'exit')
      child.kill(signal)
      const [code] = (await exit) as [number | null]
      return code
    },
    async restart(signal = 'SIGKILL') {
      await self.kill(signal)
      await begin()
    },
    async stop() {
      await self.kill('SIGKILL')
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    },
  }
  const begin = async (): Promise<void> => {
    child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env.PATH,
        HOME: dataDir,
        ...env,
        BREAKGLASS_LISTEN: listen,
        BREAKGLASS_DATA: dataDir,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const begins = output.length
    const listening = Promise.withResolvers<string>()
    const read = (piece: Buffer): void => {
      output += piece.toString()
      const url = /\bhttp:\/\/[\w.:[\]]+\d/.exec(output.slice(begins))?.[0]
      if (url !== undefined) listening.resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) =>
      listening.reject(new Error(`server ended with ${code} before it listened:\n${output}`)),
    )
    self.url = await listening.promise
    self.pid = child.pid ?? 0
    listen = new URL(self.url).host
  }
  await begin()
  return self
}

/** Tries `look` until it gives something, at most `limitMs`; says what was waited for when it does not. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
