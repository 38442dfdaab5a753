import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { AcceptConnection, Connection, RejectConnection, ServerChannel, Session } from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeKey, publicLine } from '../../test/fakes/sshd.ts'
import { execFresh } from './execFresh.ts'
import type { ExecRequest } from './Runner.ts'
import type { SshDestination } from './SshDestination.ts'
import { SshPool } from './SshPool.ts'

// What a real sshd does too rarely or too fast to be caught: an SSH server that follows a script.

let folder: string
let keyFile: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'channel-'))
  keyFile = makeKey(folder, 'key', 'ed25519')
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Script {
  onSession?: (accept: () => Session, reject: RejectConnection, connection: number) => void
  onExec?: (
    accept: AcceptConnection<ServerChannel>,
    reject: RejectConnection,
    client: Connection,
    nth: number,
  ) => void
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const succeed = (accept: AcceptConnection<ServerChannel>) => {
  const channel = accept()
  channel.exit(0)
  channel.end()
}

/** A server that lets everybody in and does as `script` says; by default every command succeeds. */
async function serve(script: Script) {
  const commands: string[] = []
  const connections: Connection[] = []
  const server = new ssh2.Server({ hostKeys: [readFileSync(keyFile)] }, (client) => {
    const connection = connections.push(client)
    client.on('error', () => undefined)
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept, reject) => {
      const open = () => {
        const session = accept()
        session.on('exec', (acceptExec, rejectExec, { command }) => {
          const nth = commands.push(command)
          if (script.onExec) script.onExec(acceptExec, rejectExec, client, nth)
          else succeed(acceptExec)
        })
        return session
      }
      if (script.onSession) script.onSession(open, reject, connection)
      else open()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pool = new SshPool()
  closers.push(() => {
    pool.close()
    for (const client of connections) client.end()
    server.close()
  })
  const destination: SshDestination = {
    name: 'scripted',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port, // a TCP server that listens
    user: 'someone',
    hostKeys: [publicLine(keyFile)],
    key: { file: keyFile },
  }
  const request = (command: string, given: Partial<ExecRequest> = {}): ExecRequest => ({
    command,
    timeoutMs: 10_000,
    maxOutputBytes: 1_000,
    ...given,
  })
  return {
    commands,
    connections,
    exec: (command: string, given: Partial<ExecRequest> = {}) =>
      pool.runner(destination).exec(request(command, given)),
    fresh: (command: string) => execFresh(destination, request(command)),
  }
}

describe('before the command is sent', () => {
  it('a cancelled one is held back, even if its channel opens later', async () => {
    let openLate: (() => void) | undefined
    const { exec, commands } = await serve({
      onSession: (accept) => {
        if (openLate) accept()
        else openLate = accept
      },
    })
    const cancel = new AbortController()
    const cancelled = exec('reboot', { signal: cancel.signal })
    await vi.waitFor(() => expect(openLate).toBeDefined())
    cancel.abort()
    expect(await cancelled).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
    openLate?.()
    expect(await exec('after')).toMatchObject({ exitCode: 0 })
    await vi.waitFor(() => expect(commands).toHaveLength(2))
    expect(commands.map((command) => command.trim()).sort()).toEqual(['', 'after'])
  })

  it('a refused channel is asked for again', async () => {
    let refusals = 0
    const { exec, commands, connections } = await serve({
      onSession: (accept, reject) => (refusals++ < 3 ? reject() : accept()),
    })
    expect(await exec('true')).toMatchObject({ exitCode: 0 })
    expect([refusals, commands.length, connections.length]).toEqual([4, 1, 1])
  })

  it('a refusal can be cancelled while it waits to ask again', async () => {
    const cancel = new AbortController()
    const { exec, commands } = await serve({
      onSession: (_, reject) => {
        reject()
        setImmediate(() => cancel.abort())
      },
    })
    expect(await exec('true', { signal: cancel.signal })).toMatchObject({
      exitCode: null,
      failedLeg: 'cancelled',
    })
    expect(commands).toEqual([])
  })

  it('a connection that breaks is replaced and the command runs once', async () => {
    const { exec, commands, connections } = await serve({
      onSession: (accept, _, connection) => (connection === 1 ? connections[0]?.end() : accept()),
    })
    expect(await exec('true')).toMatchObject({ exitCode: 0 })
    expect([commands, connections.length]).toEqual([['true'], 2])
  })

  it('a connection that went silent is replaced, and what it did not run is not run there later', async () => {
    let openLate: (() => void) | undefined
    const { exec, commands, connections } = await serve({
      onSession: (accept, _, connection) => {
        if (connection === 1) openLate = accept
        else accept()
      },
    })
    expect(await exec('true')).toMatchObject({ exitCode: 0 })
    openLate?.()
    expect([commands, connections.length]).toEqual([['true'], 2])
  }, 15_000)
})

describe('once the command is sent', () => {
  it.each([
    [
      'the connection breaks before the answer',
      (_: unknown, __: unknown, client: Connection) => client.end(),
    ],
    [
      'the connection breaks while it runs',
      (accept: AcceptConnection<ServerChannel>, _: unknown, client: Connection) => {
        accept().write('begun')
        client.end()
      },
    ],
    [
      'the channel closes without an exit status',
      (accept: AcceptConnection<ServerChannel>) => accept().close(),
    ],
  ])('it is lost, and never sent again, when %s', async (_, onExec) => {
    const { exec, fresh, commands } = await serve({ onExec })
    expect(await exec('reset')).toMatchObject({ exitCode: null, failedLeg: 'lost' })
    expect(await fresh('reset')).toMatchObject({ exitCode: null, failedLeg: 'lost' })
    expect(commands).toEqual(['reset', 'reset'])
  })

  it('a rejected one was not run, and its connection, which lost a slot, takes no other', async () => {
    const { exec, connections } = await serve({
      onExec: (accept, reject, _, nth) => (nth === 1 ? reject() : succeed(accept)),
    })
    expect(await exec('first')).toMatchObject({ exitCode: null, failedLeg: 'channel' })
    expect(await exec('second')).toMatchObject({ exitCode: 0 })
    expect(connections).toHaveLength(2)
  })

  it('the end of the output does not close the channel, on which the exit status is still to come', async () => {
    const closedBy: string[] = []
    const { exec } = await serve({
      onExec: (accept) => {
        const channel = accept().resume()
        channel.once('close', () => closedBy.push('client'))
        channel.eof()
        setTimeout(() => {
          closedBy.push('server')
          channel.close()
        }, 50)
      },
    })
    await exec('true')
    expect(closedBy[0]).toBe('server')
  })

  it('an exit status that comes with the last output in one packet is not missed', async () => {
    const { exec } = await serve({
      onExec: (accept) => {
        const channel = accept()
        channel.write('out')
        channel.stderr.write('err')
        channel.exit(7)
        channel.end()
      },
    })
    expect(await exec('true')).toMatchObject({ exitCode: 7, stdout: 'out', stderr: 'err' })
  })
})
