import { randomBytes } from 'node:crypto'
import { mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'

let server: Breakglass | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

const temporary = () => mkdtemp(join(tmpdir(), 'breakglass-start-'))

test('a damaged log costs the sessions, not the power path', async () => {
  const dataDir = await temporary()
  await writeFile(join(dataDir, 'log.sqlite'), randomBytes(8192))
  server = await startBreakglass({ BREAKGLASS_DATA: dataDir })
  expect((await server.api('POST', '/api/pve/status')).status).toBe(200)
  expect((await server.api('POST', '/api/session', {})).json).toMatchObject({
    code: 'log_unavailable',
    detail: expect.stringContaining('log.sqlite'),
  })
  expect((await server.api('GET', '/readyz')).status).toBe(503)
})

test('files with secrets that are not there cost what they are for, and no more', async () => {
  const folder = await temporary()
  const mail = { host: '127.0.0.1', user: 'u', password_file: join(folder, 'none'), from: 'a@example.org' }
  const providers = [{ name: 'claude', kind: 'anthropic', key_file: join(folder, 'none') }]
  await writeFile(join(folder, 'b.yaml'), JSON.stringify({ notify: { mail }, providers }))
  server = await startBreakglass({ BREAKGLASS_CONFIG: join(folder, 'b.yaml') })
  expect(server.output()).toMatch(/notify\.mail\.password_file/)
  expect(server.output()).toMatch(/providers\[0\]/)
  expect((await server.api('GET', '/api/providers')).json).toMatchObject([{ kind: 'runbook' }])
  expect((await server.api('POST', '/api/session', {})).status).toBe(201)
})

test('a second process on the same data is refused with a sentence', async () => {
  server = await startBreakglass()
  await expect(startBreakglass({ BREAKGLASS_DATA: server.dataDir })).rejects.toThrow(
    /log\.sqlite is in use by another process/,
  )
})

test('the log is nobody else’s to read, also in a folder that others may enter', async () => {
  server = await startBreakglass({ BREAKGLASS_DATA: await temporary() })
  const { mode } = await stat(join(server.dataDir, 'log.sqlite'))
  expect(mode & 0o077).toBe(0)
})

test('whoever reads the output may go: the power button still works', async () => {
  const dataDir = await temporary()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../app/main.ts')], {
    env: { PATH: process.env.PATH, BREAKGLASS_LISTEN: '127.0.0.1:0', BREAKGLASS_DATA: dataDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    let output = ''
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
    const url = await until('it listens', () => /http:\/\/[\w.:]+\d/.exec(output)?.[0])
    child.stdout.destroy()
    for (const verb of ['reset', 'reset']) {
      const answer = await fetch(`${url}/api/pve/${verb}`, { method: 'POST' })
      expect(answer.status).toBe(200)
    }
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
})
