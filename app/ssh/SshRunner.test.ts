import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import type { ExecRequest } from './Runner.ts'
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

const exec = (command: string, given: Partial<ExecRequest> = {}, { port, user, hostKeys, keyFile } = sshd) =>
  pool
    .runner({ name: 'vm', host: '127.0.0.1', port, user, hostKeys, key: { file: keyFile } })
    .exec({ command, timeoutMs: 120_000, maxOutputBytes: 65_536, ...given })

describe('a command', () => {
  it('ends with its exit code and what it printed on each stream', async () => {
    expect(await exec('echo out; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
      durationMs: expect.any(Number) as number,
    })
  })

  it.each([
    ['0', 'true', 0],
    ['255, which ssh itself also uses', 'exit 255', 255],
    ['127 when it is not found', 'no-such-program', 127],
    ['128 + n when a signal killed it', 'kill -9 $$', 137],
    ['its own, although it closed its output long before', 'exec >&- 2>&-; sleep 0.2; exit 4', 4],
    ['its own, although a process it left behind keeps the output open', 'sleep 30 & exit 5', 5],
  ])('has the exit code %s', async (_, command, exitCode) => {
    expect(await exec(command)).toMatchObject({ exitCode })
  })

  it('reads its stdin to the end, and an empty one without', async () => {
    const stdin = `${'ä\0€'.repeat(200_000)}.`
    expect(await exec('wc -c', { stdin })).toMatchObject({ stdout: `${String(Buffer.byteLength(stdin))}\n` })
    expect(await exec('wc -c')).toMatchObject({ stdout: '0\n' })
    expect(await exec('cat', { stdin: 'a\0€🔥' })).toMatchObject({ stdout: 'a\0€🔥' })
  })

  it('may leave its stdin unread', async () => {
    expect(await exec('true', { stdin: 'x'.repeat(5_000_000) })).toMatchObject({ exitCode: 0 })
  })

  it('may print one long line with characters of several bytes', async () => {
    const result = await exec(`head -c 900000 /dev/zero | tr '\\0' x | sed 's/x/€/g'`, {
      maxOutputBytes: 4_000_000,
    })
    expect(result).toMatchObject({ exitCode: 0, truncated: false })
    expect(result.stdout === '€'.repeat(900_000)).toBe(true)
  })

  it('keeps quotes, newlines and dollar signs as its shell reads them', async () => {
    expect(await exec(`printf '%s|' 'a b' "$((1+1))"\necho 'c\nd'`)).toMatchObject({ stdout: 'a b|2|c\nd\n' })
  })

  it('that cannot be sent as it is is not sent at all', async () => {
    expect(await exec('echo a\0b')).toMatchObject({ exitCode: null, failedLeg: 'command' })
    expect(await exec('x'.repeat(100_001))).toMatchObject({ exitCode: null, failedLeg: 'command' })
    expect(await exec(`: ${'x'.repeat(99_990)}`)).toMatchObject({ exitCode: 0 })
  })

  it('that takes too long ends as timeout, with what it printed until then', async () => {
    const result = await exec('echo begun; sleep 60', { timeoutMs: 300 })
    expect(result).toMatchObject({ exitCode: null, failedLeg: 'timeout', stdout: 'begun\n' })
    expect(result.failure).toContain('within 0.3 s')
  })

  it('may print 100 MB without this process growing by it', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void // what the flag adds to a new context
    const used = () => {
      collectGarbage()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    }
    const before = used()
    let peak = 0
    let seen = 0
    let measureAt = 0
    const onOutput = (_: string, text: string) => {
      seen += text.length
      if (seen < measureAt) return
      measureAt = seen + 10_000_000
      peak = Math.max(peak, used() - before)
    }
    const given = { maxOutputBytes: 1_000_000, onOutput, timeoutMs: 60_000 }
    const result = await exec('head -c 100000000 /dev/zero', given)
    expect([result.exitCode, result.stdout.length, result.truncated, seen]).toEqual([
      0,
      1_000_000,
      true,
      100_000_000,
    ])
    expect(peak).toBeLessThan(50_000_000)
  })
})

describe('a forced command', () => {
  it('runs whatever was asked, and learns what was asked', async () => {
    const forced = await startSshd({
      keyOptions: 'command="echo forced: $SSH_ORIGINAL_COMMAND; cat; exit 6",restrict',
    })
    try {
      const result = await exec('status; rm x', { stdin: 'in' }, forced)
      expect(result).toMatchObject({ exitCode: 6, stdout: 'forced: status; rm x\nin' })
    } finally {
      await forced.stop()
    }
  })
})
