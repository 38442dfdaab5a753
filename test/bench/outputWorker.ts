import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { createOutputCapture } from '#app/turn/OutputCapture.ts'
import { createOutputs } from '#app/turn/outputs.ts'
import type { Sshd } from '../fakes/sshd.ts'
import type { Captured } from './output.ts'
import { serveOperations } from './processes.ts'
import { sleep } from './statistics.ts'

const megabyte = 1024 * 1024
const warmUp = 'seq -f "line %.0f of what warms up" 1 40000'
const settleMs = 500
const sampleMs = 5

const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024

/** How far memory rose above where it stood, collected, before. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.()
  await sleep(settleMs)
  globalThis.gc?.()
  const before = residentMb()
  let peak = before
  const sampling = setInterval(() => (peak = Math.max(peak, residentMb())), sampleMs)
  await work()
  clearInterval(sampling)
  return Math.max(peak, residentMb()) - before
}

async function capture(
  sshd: Pick<Sshd, 'port' | 'user' | 'hostKeys' | 'keyFile'>,
  command: string,
): Promise<Captured> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-output-'))
  const log = new SqliteEventLog(folder)
  const outputs = createOutputs(log)
  const pool = new SshPool()
  const { port, user, hostKeys, keyFile } = sshd
  const runner = pool.runner({
    name: 'bench',
    host: '127.0.0.1',
    port,
    user,
    hostKeys,
    key: { file: keyFile },
  })
  const run = async (call: string, line: string) => {
    const taken = createOutputCapture(outputs, { sessionId: 's', call, onProgress: () => undefined })
    const given = createHash('sha1')
    const { exitCode } = await runner.exec({
      command: line,
      timeoutMs: 120_000,
      maxOutputBytes: 0,
      onOutput: (stream, text) => {
        given.update(text)
        return taken.write(stream, text)
      },
    })
    if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`)
    return { ...(await taken.end()), hash: given.digest('hex') }
  }
  const readBack = async (call: string): Promise<string> => {
    const hash = createHash('sha1')
    for await (const { text } of (await outputs.read('s', call)) ?? []) hash.update(text)
    return hash.digest('hex')
  }
  try {
    // What any long output leaves behind once, such as code and pools, is no growth by its size.
    await run('warm', warmUp)
    await readBack('warm')
    let found = { bytes: 0, hash: '', stdout: '' }
    let hash = ''
    const times: number[] = [performance.now()]
    const grownMb = await growthOf(async () => {
      times[0] = performance.now()
      found = await run('call', command)
      times[1] = performance.now()
    })
    const grownReadingMb = await growthOf(async () => {
      times[2] = performance.now()
      hash = await readBack('call')
      times[3] = performance.now()
    })
    const [began = 0, ended = 0, readBegan = 0, readEnded = 0] = times
    const size = found.bytes / megabyte
    return {
      grownMb,
      grownReadingMb,
      mbPerSecond: size / ((ended - began) / 1000),
      readMbPerSecond: size / ((readEnded - readBegan) / 1000),
      isWhole: hash === found.hash && /characters left out here, the whole output is kept/.test(found.stdout),
    }
  } finally {
    pool.close()
    await log.close()
    await rm(folder, { recursive: true })
  }
}

serveOperations({ capture })
