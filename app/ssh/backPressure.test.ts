import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import { LocalRunner } from './LocalRunner.ts'
import type { ExecRequest, Runner } from './Runner.ts'
import { SshPool } from './SshPool.ts'

let sshd: Sshd
const pool = new SshPool()
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(async () => {
  pool.close()
  await sshd.stop()
})

const local = new LocalRunner()
const runners: [string, () => Runner][] = [
  ['this machine', () => local],
  [
    'a real sshd',
    () => {
      const { port, user, hostKeys, keyFile } = sshd
      return pool.runner({ name: 'vm', host: '127.0.0.1', port, user, hostKeys, key: { file: keyFile } })
    },
  ],
]

/** Takes output, and holds the command back from the first piece on until `release`. */
function holdBack() {
  const gate = Promise.withResolvers<void>()
  const told: string[] = []
  return {
    told,
    release: () => gate.resolve(),
    onOutput: (_: string, text: string) => {
      told.push(text)
      return gate.promise
    },
    chars: () => told.reduce((sum, text) => sum + text.length, 0),
  }
}

describe.each(runners)('a slow reader of a command on %s', (_, runner) => {
  const exec = (command: string, given: Partial<ExecRequest> = {}) =>
    runner().exec({ command, timeoutMs: 60_000, maxOutputBytes: 0, ...given })

  it('slows the command down: it waits, until the reader goes on', async () => {
    const reader = holdBack()
    const done = vi.fn()
    // The command says on its stderr that it got through; until then it is stuck in its first write.
    const running = exec('head -c 30000000 /dev/zero | tr "\\0" x', reader).then((result) => (done(), result))
    await vi.waitFor(() => expect(reader.told).toHaveLength(1))
    await exec('true')
    expect(reader.told).toHaveLength(1)
    expect(done).not.toHaveBeenCalled()
    reader.release()
    expect(await running).toMatchObject({ exitCode: 0, stdout: '', truncated: false })
    expect(reader.chars()).toBe(30_000_000)
  })

  it('gets all of it, in order, although the command has long ended', async () => {
    let text = ''
    let busy = false
    const onOutput = async (stream: string, piece: string) => {
      expect(busy).toBe(false)
      busy = true
      await new Promise(setImmediate)
      busy = false
      if (stream === 'stdout') text += piece
    }
    expect(await exec('seq 1 200000; exit 3', { onOutput })).toMatchObject({ exitCode: 3 })
    expect(text).toBe(Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join(''))
  })

  it('may take longer than the silence that ends a command with something left behind', async () => {
    const reader = holdBack()
    const running = exec('sleep 60 & echo $!; seq 1 50000; exit 4', reader)
    await vi.waitFor(() => expect(reader.told).toHaveLength(1))
    // A command beside it, begun later and read at once, ends by that silence: its time is over here too.
    const beside = await exec('sleep 60 & echo $!', { maxOutputBytes: 100 })
    expect(beside).toMatchObject({ exitCode: 0 })
    reader.release()
    expect(await running).toMatchObject({ exitCode: 4 })
    const [pid, ...numbers] = reader.told.join('').trim().split('\n')
    expect(numbers).toHaveLength(50_000)
    for (const one of [pid, beside.stdout]) process.kill(Number(one))
  })

  it('is not waited for when it is cancelled', async () => {
    const cancel = new AbortController()
    const reader = holdBack()
    const running = exec('yes', { ...reader, signal: cancel.signal })
    await vi.waitFor(() => expect(reader.told).toHaveLength(1))
    cancel.abort()
    expect(await running).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
    expect(reader.told).toHaveLength(1)
  })

  it('is given what has arrived before a time-out is told', async () => {
    const reader = holdBack()
    const done = vi.fn()
    const running = exec('echo one; echo two >&2; sleep 60', { ...reader, timeoutMs: 2000 })
    void running.then(done)
    await vi.waitFor(() => expect(reader.told).toHaveLength(1))
    // Begun later, with as much time: when its time is over, that of the other is too.
    expect(await exec('sleep 60', { timeoutMs: 2000 })).toMatchObject({ failedLeg: 'timeout' })
    expect(done).not.toHaveBeenCalled()
    reader.release()
    expect(await running).toMatchObject({ exitCode: null, failedLeg: 'timeout' })
    expect(reader.told.sort()).toEqual(['one\n', 'two\n'])
  })

  it('that fails does not stop the command', async () => {
    const onOutput = () => Promise.reject(new Error('full'))
    expect(await exec('echo a; echo b >&2; exit 2', { onOutput })).toMatchObject({ exitCode: 2 })
  })
})

it('what waits is delivered although the connection breaks', async () => {
  const reader = holdBack()
  const [, runner] = runners[1] ?? runners[0]!
  const running = runner().exec({
    command: 'echo one; seq 1 10000; sleep 60',
    timeoutMs: 60_000,
    maxOutputBytes: 0,
    ...reader,
  })
  await vi.waitFor(() => expect(reader.told).toHaveLength(1))
  await runner().exec({ command: 'true', timeoutMs: 60_000, maxOutputBytes: 0 })
  sshd.killConnections()
  reader.release()
  expect(await running).toMatchObject({ exitCode: null, failedLeg: 'lost' })
  expect(reader.told.join('')).toContain('10000\n')
})
