import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compare, limit, type Row } from './Row.ts'
import { median, monotonicMs, sleep } from './statistics.ts'

const runs = 9
/** What starting leaves behind is collected by then. */
const settleMs = 2000

interface Start {
  readyMs: number
  residentMb: number
}

/** Start of the server, as `npm start` does it the second time, beside a bare process on the same libraries. */
export async function benchStart(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-start-'))
  const env = { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: join(folder, 'compile') }
  const file = (name: string): string => resolve(import.meta.dirname, name)
  const oursEnv = { ...env, BREAKGLASS_LISTEN: '127.0.0.1:0', BREAKGLASS_DATA: join(folder, 'data') }
  const ours: Start[] = []
  const bare: Start[] = []
  try {
    // The first starts fill the compile cache and make the data folder.
    for (let run = -1; run < runs; run++) {
      const pair = [
        await start(file('../../app/main.ts'), oursEnv),
        await start(file('bareServer.ts'), env),
      ] as const
      if (run < 0) continue
      ours.push(pair[0])
      bare.push(pair[1])
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const ready = (of: Start[]): number => median(of.map(({ readyMs }) => readyMs))
  const resident = (of: Start[]): number => median(of.map(({ residentMb }) => residentMb))
  return [
    compare({ name: 'start: ready / bare', unit: 'ms', ours: ready(ours), baseline: ready(bare) }, '≤', 1.3),
    compare(
      { name: 'start: resident / bare', unit: 'MB', ours: resident(ours), baseline: resident(bare) },
      '≤',
      1.15,
    ),
    limit({ name: 'start: ready', unit: 'ms', ours: ready(ours) }, 600),
    limit({ name: 'start: resident', unit: 'MB', ours: resident(ours) }, 120),
  ]
}

/** Starts `file`, waits for the line with its URL and for an answer, and ends it. */
async function start(file: string, env: NodeJS.ProcessEnv): Promise<Start> {
  const began = monotonicMs()
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const url = await new Promise<string>((found, reject) => {
      let text = ''
      child.stdout.on('data', (piece: Buffer) => {
        text += piece.toString()
        const match = /http:\/\/[\w.:]+\d/.exec(text)
        if (match) found(match[0])
      })
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${text}`)))
    })
    await fetch(`${url}/healthz`).then((response) => response.text())
    const readyMs = monotonicMs() - began
    await sleep(settleMs)
    return { readyMs, residentMb: residentMb(child.pid ?? 0) }
  } finally {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
      await once(child, 'exit')
  }
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(kilobytes) / 1024
}
