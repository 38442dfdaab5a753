import { spawnSync } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import { LocalRunner } from './LocalRunner.ts'
import type { ExecRequest } from './Runner.ts'
import { runProcess } from './runProcess.ts'

const limits = { timeoutMs: 120_000, maxOutputBytes: 65_536 }
const exec = (command: string, given: Partial<ExecRequest> = {}) =>
  new LocalRunner().exec({ command, ...limits, ...given })

/** Whether it still runs; one that was killed may stay listed as a zombie until somebody asks for its end. */
const alive = (pid: number) =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim())

describe('a command on this machine', () => {
  it('ends with its exit code and what it printed on each stream', async () => {
    expect(await exec('echo out; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
      durationMs: expect.any(Number) as number,
    })
  })

  it('reports a signal that killed it as shells do', async () => {
    expect(await exec('kill -9 $$')).toMatchObject({ exitCode: 137 })
  })

  it('tells that it began, and never of one that did not', async () => {
    const onSent = vi.fn()
    await exec('true', { onSent })
    expect(onSent).toHaveBeenCalledOnce()
    await exec('true', { onSent, signal: AbortSignal.abort() })
    await runProcess({ argv: ['/no/such/program'], onSent, ...limits })
    expect(onSent).toHaveBeenCalledOnce()
  })

  it('reads its stdin, or leaves it', async () => {
    expect(await exec('cat', { stdin: 'a\0€' })).toMatchObject({ stdout: 'a\0€' })
    expect(await exec('cat')).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await exec('true', { stdin: 'x'.repeat(5_000_000) })).toMatchObject({ exitCode: 0 })
  })

  it('sees none of this process’s environment', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'secret')
    const { stdout } = await exec('env')
    vi.unstubAllEnvs()
    expect(stdout).toMatch(/^PATH=/m)
    expect(stdout).toMatch(/^LC_ALL=C$/m)
    expect(stdout).not.toContain('secret')
    expect(stdout).not.toContain('NODE')
  })

  it('keeps no more output than allowed', async () => {
    const result = await exec('head -c 3000000 /dev/zero', { maxOutputBytes: 1_000 })
    expect([result.exitCode, result.stdout.length, result.truncated]).toEqual([0, 1_000, true])
  })

  it('is not held up by a process that it left behind, which lives on', async () => {
    const result = await exec('sleep 60 & echo $!')
    expect(result).toMatchObject({ exitCode: 0 })
    const left = Number(result.stdout)
    expect(alive(left)).toBe(true)
    process.kill(left)
  })

  it('is refused when no shell could read it', async () => {
    expect(await exec('echo a\0b')).toMatchObject({ exitCode: null, failedLeg: 'command' })
  })
})

describe('stopping it', () => {
  // Each prints the pids of the shell and a child, one of them deaf to SIGTERM.
  const stubborn = 'trap "" TERM; sleep 60 & echo $$ $!; wait; sleep 60'
  const deafChild = '(trap "" TERM; exec sleep 60) & echo $$ $!; wait'

  it.each([
    ['a command that ignores SIGTERM', stubborn],
    ['a command whose child ignores SIGTERM', deafChild],
    ['a plain one', 'sleep 60 & echo $$ $!; wait'],
  ])('by time-out leaves nobody of its group: %s', async (_, command) => {
    const result = await exec(command, { timeoutMs: 300 })
    expect(result).toMatchObject({ exitCode: null, failedLeg: 'timeout' })
    const pids = result.stdout.trim().split(' ').map(Number)
    expect(pids).toHaveLength(2)
    await vi.waitFor(() => expect(pids.filter(alive)).toEqual([]))
  })

  it('by cancelling leaves nobody of its group', async () => {
    const cancel = new AbortController()
    const result = await exec(deafChild, { signal: cancel.signal, onOutput: () => cancel.abort() })
    expect(result).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
    const pids = result.stdout.trim().split(' ').map(Number)
    await vi.waitFor(() => expect(pids.filter(alive)).toEqual([]))
  })

  it('before it began runs nothing', async () => {
    expect(await exec('echo never', { signal: AbortSignal.abort() })).toMatchObject({
      exitCode: null,
      failedLeg: 'cancelled',
      stdout: '',
    })
  })
})

describe('a program with arguments', () => {
  it('is run without a shell, in the environment that is given and no other', async () => {
    const env = { SSH_ORIGINAL_COMMAND: 'status; id', PATH: '/usr/bin:/bin' }
    const echo = await runProcess({ argv: ['/bin/echo', '$HOME', 'a  b', '; id'], ...limits })
    expect(echo).toMatchObject({ exitCode: 0, stdout: '$HOME a  b ; id\n' })
    const printed = await runProcess({ argv: ['/usr/bin/env'], env, ...limits })
    expect(printed.stdout.trim().split('\n').sort()).toEqual([
      'PATH=/usr/bin:/bin',
      'SSH_ORIGINAL_COMMAND=status; id',
    ])
  })

  it.each([
    ['is not there', '/no/such/program'],
    ['is not executable', '/etc/passwd'],
    ['has an impossible name', '/bin/a\0b'],
  ])('that %s is a failure of the command', async (_, program) => {
    expect(await runProcess({ argv: [program], ...limits })).toMatchObject({
      exitCode: null,
      failedLeg: 'command',
    })
  })
})
