import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import type { AskRequest, ExecResult, KeptCommand } from './Runner.ts'
import { SshPool } from './SshPool.ts'

let sshd: Sshd
let folder: string
let pool: SshPool
beforeAll(async () => {
  sshd = await startSshd()
  folder = mkdtempSync(join(tmpdir(), 'kept-'))
})
afterEach(() => {
  pool.close()
  for (const name of ['begun', 'asked', 'gate']) rmSync(join(folder, name), { force: true })
})
afterAll(async () => {
  await sshd.stop()
  rmSync(folder, { recursive: true })
})

const runner = () => {
  const { port, user, hostKeys, keyFile } = sshd
  const destination = { name: 'vm', host: '127.0.0.1', port, user, hostKeys, key: { file: keyFile } }
  return pool.runner(destination, { maxInFlight: 2 })
}

/** A script whose answers end with a line `end`; `$n` is the number of the answer since it has begun. */
function keep(answer: string, ask = 'read -r _ || exit 0'): KeptCommand {
  pool = new SshPool()
  const command = `cd '${folder}'; echo $$ >>begun; n=0; while :; do n=$((n+1)); echo . >>asked; ${answer}; ${ask}; done`
  const answerEnd = (stdout: Buffer) => {
    const at = stdout.indexOf('end\n')
    return at === -1 ? -1 : at + 4
  }
  const kept = runner().keep?.({ command, answerEnd })
  if (!kept) throw new Error('it cannot keep')
  return kept
}
const ask = (command: KeptCommand, more: Partial<AskRequest> = {}): Promise<ExecResult> =>
  command.ask({ timeoutMs: 60_000, maxOutputBytes: 65_536, ...more })
const lines = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trim().split('\n')
const gone = (pid: number | string | undefined) =>
  expect.poll(() => isAlive(Number(pid)), { timeout: 20_000 }).toBe(false)
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('each question has an answer of its own, from one command', async () => {
  const command = keep('echo "$n"; echo said >&2; echo end')
  for (const n of [1, 2, 3]) {
    expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: `${n}\nend\n`, truncated: false })
  }
  expect(lines('begun')).toHaveLength(1)
})

test('an answer in many pieces is whole', async () => {
  const command = keep('head -c 50000 /dev/zero | tr "\\0" x; echo; sleep 0.1; printf en; sleep 0.1; echo d')
  for (let n = 1; n <= 2; n += 1) {
    const { exitCode, stdout } = await ask(command)
    expect([exitCode, stdout.length]).toEqual([0, 50_005])
  }
})

test('one that has ended after an answer is begun again, whether that is known already or not', async () => {
  const command = keep('echo "$n"; echo end; [ -e gate ] || exit 3')
  expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
  // At once: most likely its end is not known yet.
  expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
  await gone(lines('begun').at(-1))
  expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
  expect(lines('begun')).toHaveLength(3)
  writeFileSync(join(folder, 'gate'), '')
  await ask(command)
  expect(await ask(command)).toMatchObject({ stdout: '2\nend\n' })
})

test('one that ends on a question without a word is begun again, once', async () => {
  const command = keep('echo "$n"; echo end', 'read -r _; exit 5')
  for (let n = 1; n <= 3; n += 1) expect(await ask(command)).toMatchObject({ stdout: '1\nend\n' })
  expect(lines('begun')).toHaveLength(3)
})

test('one that ends instead of an answer ends as any command', async () => {
  expect(await ask(keep('echo half; echo why >&2; exit 7'))).toEqual({
    ...{ exitCode: 7, stdout: 'half\n', stderr: 'why\n', truncated: false },
    durationMs: expect.any(Number) as number,
  })
  const second = keep('if [ $n = 2 ]; then echo half; exit 8; fi; echo end')
  expect(await ask(second)).toMatchObject({ exitCode: 0 })
  expect(await ask(second)).toMatchObject({ exitCode: 8, stdout: 'half\n' })
  expect(await ask(second)).toMatchObject({ exitCode: 0 })
  expect(await ask(keep('kill -9 $$'))).toMatchObject({ exitCode: 137 })
})

test('an answer that hangs in its middle ends as timeout with what came, and the command is ended', async () => {
  const command = keep('echo "$n"; [ $n = 1 ] || sleep 100; echo end')
  expect(await ask(command)).toMatchObject({ exitCode: 0 })
  const hung = await ask(command, { timeoutMs: 500 })
  expect(hung).toMatchObject({ exitCode: null, failedLeg: 'timeout', stdout: '2\n' })
  expect(hung.failure).toContain('within 0.5 s')
  expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
})

test('an answer without an end is read no further than its limit', async () => {
  const command = keep('head -c 100000000 /dev/zero | tr "\\0" x; echo end')
  const { stdout, ...result } = await ask(command)
  expect(stdout).toHaveLength(65_536)
  expect(result).toMatchObject({ exitCode: null, truncated: true, failedLeg: 'command' })
  expect(result.failure).toContain('more than 64 kB')
  await gone(lines('begun')[0])
})

test('what nobody has asked for ends the command, and is in no answer', async () => {
  const joined = keep('printf "%s\\nend\\nmore\\n" "$n"')
  for (let n = 1; n <= 2; n += 1) {
    expect(await ask(joined)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
    // What is too much may come a moment later.
    await gone(lines('begun').at(-1))
  }
  const late = keep('echo "$n"; echo end; until [ -e gate ]; do sleep 0.1; done; echo more')
  expect(await ask(late)).toMatchObject({ exitCode: 0 })
  const [pid] = lines('begun').slice(-1)
  writeFileSync(join(folder, 'gate'), '')
  await gone(pid)
  expect(await ask(late)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
})

test('a connection that breaks while nothing is asked costs nothing', async () => {
  const command = keep('echo "$n"; echo end')
  await ask(command)
  sshd.killConnections()
  expect(await ask(command)).toMatchObject({ exitCode: 0, stdout: '1\nend\n' })
})

test('a connection that breaks in an answer is lost, and the next question makes another', async () => {
  const command = keep('echo "$n"; [ -e gate ] || sleep 100; echo end')
  const answer = ask(command)
  await expect.poll(() => lines('asked')).toHaveLength(1)
  await expect.poll(() => sshd.log()).toContain('Starting session')
  setTimeout(() => sshd.killConnections(), 300)
  expect(await answer).toMatchObject({ exitCode: null, failedLeg: 'lost' })
  writeFileSync(join(folder, 'gate'), '')
  expect(await ask(command)).toMatchObject({ exitCode: 0 })
})

test('it can be given up, and closed, and a second question at once is refused', async () => {
  const command = keep('echo "$n"; [ -e gate ] || sleep 100; echo end')
  const stop = new AbortController()
  const answer = ask(command, { signal: stop.signal })
  expect(await ask(command)).toMatchObject({ exitCode: null, failedLeg: 'command' })
  await expect.poll(() => lines('asked')).toHaveLength(1)
  stop.abort()
  expect(await answer).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
  expect(await ask(command, { signal: stop.signal })).toMatchObject({ failedLeg: 'cancelled' })
  const closed = ask(command)
  await expect.poll(() => lines('asked')).toHaveLength(2)
  command.close()
  expect(await closed).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
  writeFileSync(join(folder, 'gate'), '')
  expect(await ask(command)).toMatchObject({ exitCode: 0 })
  const pid = lines('begun').at(-1)
  command.close()
  await gone(pid)
})

test('it has one place of its connection, and gives it back', async () => {
  const command = keep('echo "$n"; echo end')
  await ask(command)
  const other = (text: string, timeoutMs = 60_000) =>
    runner().exec({ command: text, timeoutMs, maxOutputBytes: 100 })
  const [first, second] = [other('echo a >order; sleep 1; echo a'), other('[ -s order ]; echo b')]
  expect(await ask(command)).toMatchObject({ stdout: '2\nend\n' })
  expect([(await first).stdout, (await second).stdout]).toEqual(['a\n', 'b\n'])
  for (let n = 1; n <= 4; n += 1) {
    command.close()
    expect(await ask(command)).toMatchObject({ stdout: '1\nend\n' })
  }
  expect(await other('echo c')).toMatchObject({ stdout: 'c\n' })
  pool.close()
  expect(await ask(command)).toMatchObject({ failedLeg: 'cancelled' })
})
