import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import type { ExecRequest, ExecResult } from './Runner.ts'
import type { SshDestination } from './SshDestination.ts'
import { SshPool } from './SshPool.ts'

const destination = (sshd: Sshd): SshDestination => ({
  name: 'vm',
  host: '127.0.0.1',
  port: sshd.port,
  user: sshd.user,
  hostKeys: sshd.hostKeys,
  key: { file: sshd.keyFile },
})

const request = (command: string, given: Partial<ExecRequest> = {}): ExecRequest => ({
  command,
  timeoutMs: 120_000,
  maxOutputBytes: 65_536,
  ...given,
})

/** Runs a command that prints first and then never ends; resolves once it runs, with its result to come. */
async function running(run: (request: ExecRequest) => Promise<ExecResult>, given: Partial<ExecRequest> = {}) {
  const { promise, resolve } = Promise.withResolvers<number>()
  const onOutput = (_: string, text: string) => resolve(Number(text))
  const result = run(request('echo $$; exec sleep 60', { onOutput, ...given }))
  return { pid: await promise, result }
}

let sshd: Sshd
let pool: SshPool
let connected: number
let failed: number
const logger = {
  info: (_: unknown, line?: string) => (connected += line === 'ssh connected' ? 1 : 0),
  warn: (_: unknown, line?: string) => (failed += line === 'ssh connection failed' ? 1 : 0),
}
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.stop())
beforeEach(() => {
  connected = 0
  failed = 0
  pool = new SshPool({ logger })
})
afterEach(() => pool.close())

const exec = (command: string, given: Partial<ExecRequest> = {}) =>
  pool.runner(destination(sshd)).exec(request(command, given))

describe('the connection', () => {
  it('is one for all commands to an equal destination', async () => {
    for (let i = 0; i < 3; i += 1) expect(await exec('true')).toMatchObject({ exitCode: 0 })
    await Promise.all([exec('true'), exec('true'), exec('true')])
    expect(connected).toBe(1)
  })

  it('takes 200 commands at once and refuses none', async () => {
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => exec(`exit ${String(i)}`)))
    expect(results.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(connected).toBe(1)
  })

  it('with fewer sessions than commands asks again until one is free', async () => {
    const narrow = await startSshd({ maxSessions: 1 })
    try {
      const runner = pool.runner(destination(narrow))
      const results = await Promise.all(Array.from({ length: 8 }, () => runner.exec(request('sleep 0.1'))))
      expect(results.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 8 }, () => 0))
    } finally {
      await narrow.stop()
    }
  })

  it('of which the server allows no session fails as channel', async () => {
    const closed = await startSshd({ maxSessions: 0 })
    try {
      const result = await pool.runner(destination(closed)).exec(request('true'))
      expect(result).toMatchObject({ exitCode: null, failedLeg: 'channel' })
    } finally {
      await closed.stop()
    }
  })

  it('runs one command after the other when asked to', async () => {
    const runner = pool.runner(destination(sshd), { maxInFlight: 1 })
    const at: number[] = []
    const times = await Promise.all(
      [1, 2, 3].map(() =>
        runner.exec(request('date +%s%N; sleep 0.05; date +%s%N', { onOutput: () => void at.push(1) })),
      ),
    )
    const spans = times.map(({ stdout }) => stdout.trim().split('\n').map(Number))
    for (const [i, [begun = 0]] of spans.entries()) {
      if (i > 0) expect(begun).toBeGreaterThan(spans[i - 1]?.[1] ?? Infinity)
    }
  })

  it('is closed after a time without commands, and opened again by the next one', async () => {
    pool = new SshPool({ idleMs: 20, logger })
    const own = await startSshd()
    try {
      const runner = pool.runner(destination(own))
      expect(await runner.exec(request('true'))).toMatchObject({ exitCode: 0 })
      await vi.waitFor(() => expect(own.log()).toContain('Disconnected from user'))
      expect(await runner.exec(request('true'))).toMatchObject({ exitCode: 0 })
      expect(connected).toBe(2)
    } finally {
      await own.stop()
    }
  })

  it('that died between two commands is replaced, and the command runs', async () => {
    expect(await exec('true')).toMatchObject({ exitCode: 0 })
    sshd.killConnections()
    expect(await exec('echo again')).toMatchObject({ exitCode: 0, stdout: 'again\n' })
  })

  it('that breaks in the middle of a command ends it as lost, and it is not run again', async () => {
    const { result } = await running((given) => pool.runner(destination(sshd)).exec(given))
    sshd.killConnections()
    expect(await result).toMatchObject({ exitCode: null, failedLeg: 'lost' })
    expect(connected).toBe(1)
  })

  it('to a server that is gone is tried once for all who wait, and fails as tcp', async () => {
    const gone = await startSshd()
    await gone.kill()
    const runner = pool.runner(destination(gone))
    const results = await Promise.all(Array.from({ length: 12 }, () => runner.exec(request('true'))))
    for (const result of results) expect(result).toMatchObject({ exitCode: null, failedLeg: 'tcp' })
    expect(failed).toBe(1)
    await gone.stop()
  })

  it('is refused when the machine on the same address has another host key', async () => {
    const first = await startSshd()
    const runner = pool.runner(destination(first))
    expect(await runner.exec(request('true'))).toMatchObject({ exitCode: 0 })
    await first.kill()
    const rebuilt = await startSshd({ port: first.port })
    try {
      expect(await runner.exec(request('true'))).toMatchObject({ exitCode: null, failedLeg: 'host_key' })
    } finally {
      await rebuilt.stop()
      await first.stop()
    }
  })
})

describe('cancelling', () => {
  it('ends a running command at once and frees its place', async () => {
    const runner = pool.runner(destination(sshd), { maxInFlight: 1 })
    const cancel = new AbortController()
    const { result } = await running((given) => runner.exec(given), { signal: cancel.signal })
    cancel.abort()
    expect(await result).toMatchObject({ exitCode: null, failedLeg: 'cancelled', stdout: /^\d+\n$/ })
    expect(await runner.exec(request('echo next'))).toMatchObject({ stdout: 'next\n' })
  })

  it('takes a waiting command out of the line', async () => {
    const runner = pool.runner(destination(sshd), { maxInFlight: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const { result } = await running((given) => runner.exec(given), { signal: first.signal })
    const waiting = runner.exec(request('echo never', { signal: second.signal }))
    second.abort()
    expect(await waiting).toMatchObject({ exitCode: null, failedLeg: 'cancelled', stdout: '' })
    first.abort()
    await result
  })

  it('while connecting leaves the connection to the others who wait for it', async () => {
    const cancel = new AbortController()
    const cancelled = exec('echo never', { signal: cancel.signal })
    const other = exec('echo other')
    cancel.abort()
    expect(await cancelled).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
    expect(await other).toMatchObject({ stdout: 'other\n' })
    expect(connected).toBe(1)
  })

  it('before it began runs nothing', async () => {
    expect(await exec('echo never', { signal: AbortSignal.abort() })).toMatchObject({
      failedLeg: 'cancelled',
    })
  })
})

describe('the pool', () => {
  it('tells a command at once when too many wait already', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo // a TCP server that listens
    pool = new SshPool({ maxWaiting: 3 })
    const runner = pool.runner({ ...destination(sshd), port })
    const accepted = Array.from({ length: 7 }, () => runner.exec(request('true')))
    const refused = await runner.exec(request('true'))
    expect(refused).toMatchObject({ exitCode: null, failedLeg: 'command' })
    expect(refused.failure).toContain('3 commands already wait')
    pool.close()
    for (const result of await Promise.all(accepted)) expect(result).toMatchObject({ failedLeg: 'cancelled' })
    silent.close()
  })

  it('closes what it opened', async () => {
    const { result } = await running((given) => pool.runner(destination(sshd)).exec(given))
    pool.close()
    expect(await result).toMatchObject({ exitCode: null, failedLeg: 'lost' })
  })

  it('leaves the input of a command open that reads none', async () => {
    expect(await exec('timeout 1 cat; echo $?', { readsNothing: true })).toMatchObject({ stdout: '124\n' })
    expect(await exec('timeout 20 cat; echo $?')).toMatchObject({ stdout: '0\n' })
  })

  it('drops one destination and leaves the others', async () => {
    const other = pool.runner(destination(sshd), { maxInFlight: 2 })
    const kept = await running((given) => other.exec(given))
    const dropped = await running((given) => pool.runner(destination(sshd)).exec(given))
    pool.drop(destination(sshd))
    expect(await dropped.result).toMatchObject({ exitCode: null, failedLeg: 'lost' })
    expect(await exec('echo anew')).toMatchObject({ stdout: 'anew\n' })
    expect(await other.exec(request('echo kept'))).toMatchObject({ stdout: 'kept\n' })
    pool.close()
    expect(await kept.result).toMatchObject({ failedLeg: 'lost' })
  })

  it('logs the destination and the leg, never the key', async () => {
    const lines: unknown[] = []
    const logger = {
      info: (...line: unknown[]) => lines.push(line),
      warn: (...line: unknown[]) => lines.push(line),
    }
    pool = new SshPool({ logger })
    const runner = pool.runner({ ...destination(sshd), key: { privateKey: 'SECRET' } })
    expect(await runner.exec(request('true'))).toMatchObject({ failedLeg: 'auth' })
    expect(JSON.stringify(lines)).toContain('"leg":"auth"')
    expect(JSON.stringify(lines)).not.toContain('SECRET')
  })
})
