import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import { execFresh } from './execFresh.ts'
import type { ExecRequest } from './Runner.ts'

describe('a command on a connection of its own', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd({ maxSessions: 1 })
  })
  afterAll(() => sshd.stop())

  const exec = (command: string, given: Partial<ExecRequest> = {}) => {
    const { port, user, hostKeys, keyFile } = sshd
    return execFresh(
      { name: 'pve1', host: '127.0.0.1', port, user, hostKeys, key: { file: keyFile } },
      { command, timeoutMs: 10_000, maxOutputBytes: 1_000, ...given },
    )
  }

  it('opens and closes one each time', async () => {
    const before = sshd.log().length
    const results = await Promise.all([exec('echo 1'), exec('echo 2'), exec('exit 3')])
    expect(results).toMatchObject([{ stdout: '1\n' }, { stdout: '2\n' }, { exitCode: 3 }])
    expect(sshd.log().slice(before).split('Accepted publickey')).toHaveLength(4)
  })

  it('tells when the command goes out, and never one that does not', async () => {
    const onSent = vi.fn()
    await exec('true', { onSent, signal: AbortSignal.abort() })
    await exec('\0', { onSent })
    expect(onSent).not.toHaveBeenCalled()
    const cancel = new AbortController()
    const sent = exec('sleep 60', { onSent: () => (onSent(), cancel.abort()), signal: cancel.signal })
    expect((await sent).failure).toContain('may still be running')
    expect(onSent).toHaveBeenCalledOnce()
  })

  it('is lost when the server dies in the middle', async () => {
    const begun = Promise.withResolvers<void>()
    const result = exec('echo begun; sleep 60', { onOutput: () => begun.resolve() })
    await begun.promise
    sshd.killConnections()
    expect(await result).toMatchObject({ exitCode: null, failedLeg: 'lost', stdout: 'begun\n' })
  })

  it('ends at once when cancelled, connecting or running', async () => {
    const cancel = new AbortController()
    const result = exec('echo begun; sleep 60', { signal: cancel.signal, onOutput: () => cancel.abort() })
    expect(await result).toMatchObject({ exitCode: null, failedLeg: 'cancelled', stdout: 'begun\n' })
    expect(await exec('true', { signal: cancel.signal })).toMatchObject({
      exitCode: null,
      failedLeg: 'cancelled',
    })
  })

  it('takes longer than its time-out never', async () => {
    expect(await exec('sleep 60', { timeoutMs: 100 })).toMatchObject({ exitCode: null, failedLeg: 'timeout' })
  })
})
