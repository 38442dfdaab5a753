import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeKey, publicLine, startSshd } from '../../test/fakes/sshd.ts'
import type { Sshd } from '../../test/fakes/sshd.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { fingerprint, parseHostKey } from './hostKey.ts'
import type { SshDestination } from './SshDestination.ts'

let sshd: Sshd
let folder: string
beforeAll(async () => {
  sshd = await startSshd({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] })
  folder = mkdtempSync(join(tmpdir(), 'connect-'))
})
afterAll(async () => {
  await sshd.stop()
  rmSync(folder, { recursive: true })
})

const destination = (given: Partial<SshDestination> = {}): SshDestination => ({
  name: 'vm',
  host: '127.0.0.1',
  port: sshd.port,
  user: sshd.user,
  hostKeys: sshd.hostKeys,
  key: { file: sshd.keyFile },
  ...given,
})

/** Connects, closes again, and tells how it went. */
async function outcome(given: Partial<SshDestination> = {}, options: ConnectOptions = {}) {
  const connected = await connect(destination(given), options)
  if (connected.ok) connected.connection.close()
  return connected.ok ? 'connected' : { leg: connected.leg, failure: connected.failure }
}

async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(onSocket)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port } // a TCP server that listens
}

const print = (line: string) => fingerprint(parseHostKey(line)?.blob ?? Buffer.alloc(0))

describe('the host key', () => {
  it('may be of any type that is pinned', async () => {
    for (const hostKey of sshd.hostKeys) expect(await outcome({ hostKeys: [hostKey] })).toBe('connected')
  })

  it('may be the second of several, so that a rebuild can be planned', async () => {
    const planned = publicLine(makeKey(folder, 'planned', 'ed25519'))
    expect(await outcome({ hostKeys: [planned, ...sshd.hostKeys.slice(0, 1)] })).toBe('connected')
  })

  it('that is not pinned is refused, with both fingerprints', async () => {
    const pinned = publicLine(makeKey(folder, 'pinned', 'ed25519'))
    const result = await outcome({ hostKeys: [pinned] })
    expect(result).toMatchObject({ leg: 'host_key' })
    const { failure } = result as { failure: string }
    expect(failure).toContain(`${sshd.user}@127.0.0.1 port ${String(sshd.port)}`)
    expect(failure).toContain(`ssh-ed25519 ${print(sshd.hostKeys[0] ?? '')}`)
    expect(failure).toContain(`pinned is ssh-ed25519 ${print(pinned)}`)
  })

  it('of a type that the server does not have is refused', async () => {
    const one = await startSshd()
    try {
      const result = await outcome({
        port: one.port,
        hostKeys: [publicLine(makeKey(folder, 'other', 'ecdsa'))],
      })
      expect(result).toMatchObject({
        leg: 'host_key',
        failure: expect.stringContaining('no host key of a pinned type') as string,
      })
    } finally {
      await one.stop()
    }
  })

  it('must be pinned: without one nothing is contacted', async () => {
    const before = sshd.log()
    expect(await outcome({ hostKeys: [] })).toMatchObject({ leg: 'host_key' })
    expect(await outcome({ hostKeys: ['ssh-ed25519 broken'] })).toMatchObject({ leg: 'host_key' })
    expect(sshd.log()).toBe(before)
  })
})

describe('a leg that fails is named', () => {
  it('name: what does not resolve', async () => {
    const result = await outcome({ host: 'no-such-machine.invalid' }, { timeoutMs: 2_000 })
    expect(result).toMatchObject({
      leg: 'name',
      failure: expect.stringContaining('no-such-machine.invalid') as string,
    })
  })

  it('none: a name that resolves', async () => {
    expect(await outcome({ host: 'localhost' })).toBe('connected')
  })

  it('tcp: a closed port', async () => {
    const { server, port } = await listen(() => undefined)
    await new Promise((resolve) => server.close(resolve))
    const failure = `No TCP connection to ${sshd.user}@127.0.0.1 port ${String(port)}: refused, nothing listens there.`
    expect(await outcome({ port })).toEqual({ leg: 'tcp', failure })
    expect(await outcome({ port, host: 'localhost' })).toMatchObject({ leg: 'tcp' })
  })

  it('tcp: a server that takes the connection and says nothing', async () => {
    const { server, port } = await listen(() => undefined)
    const result = await outcome({ port }, { timeoutMs: 200 })
    server.close()
    expect(result).toMatchObject({
      leg: 'tcp',
      failure: expect.stringContaining('no SSH handshake came about within 0.2 s') as string,
    })
  })

  it('tcp: a server that speaks something else, or hangs up', async () => {
    const http = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const closing = await listen((socket) => socket.destroy())
    const results = [await outcome({ port: http.port }), await outcome({ port: closing.port })]
    http.server.close()
    closing.server.close()
    for (const result of results) expect(result).toMatchObject({ leg: 'tcp' })
  })

  it('tcp: a server that is full', async () => {
    const full = await startSshd({ maxStartups: '1:100:1' })
    const idle = connectSocket(full.port, '127.0.0.1')
    try {
      await new Promise((resolve) => idle.once('data', resolve))
      const result = await outcome({ port: full.port, hostKeys: full.hostKeys, key: { file: full.keyFile } })
      expect(result).toMatchObject({ leg: 'tcp', failure: expect.stringContaining('MaxStartups') as string })
    } finally {
      idle.destroy()
      await full.stop()
    }
  })

  it('auth: a key that the account does not know', async () => {
    const file = makeKey(folder, 'stranger', 'ed25519')
    const result = await outcome({ key: { file } })
    expect(result).toMatchObject({
      leg: 'auth',
      failure: expect.stringContaining(print(publicLine(file))) as string,
    })
  })

  it('auth: an account that does not exist', async () => {
    expect(await outcome({ user: 'nobody-here' })).toMatchObject({ leg: 'auth' })
  })

  it('cancelled: at once, while it waits', async () => {
    const { server, port } = await listen(() => undefined)
    const cancel = new AbortController()
    server.once('connection', () => cancel.abort())
    expect(await outcome({ port }, { signal: cancel.signal })).toMatchObject({ leg: 'cancelled' })
    expect(await outcome({}, { signal: AbortSignal.abort() })).toMatchObject({ leg: 'cancelled' })
    server.close()
  })
})

describe('a key that cannot be used is told with what to do', () => {
  const cases: [string, () => string, RegExp][] = [
    ['missing', () => join(folder, 'missing'), /does not exist/],
    ['a folder', () => folder, /not a regular file/],
    [
      'PKCS#8',
      () =>
        written('pkcs8', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
      /PKCS#8.*ssh-keygen/,
    ],
    ['public', () => `${sshd.keyFile}.pub`, /public key/],
    ['no key at all', () => written('text', 'hello\n'), /not a private key/],
    ['with a passphrase', () => encrypted(), /passphrase.*ssh-keygen -p/],
  ]
  const written = (name: string, text: string | Buffer) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const encrypted = () => {
    const file = join(folder, 'encrypted')
    copyFileSync(makeKey(folder, 'plain', 'ed25519'), file)
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file])
    return file
  }

  it.each(cases)('%s', async (_, file, said) => {
    const path = file()
    const result = await outcome({ key: { file: path } })
    expect(result).toMatchObject({ leg: 'auth', failure: expect.stringMatching(said) as string })
    expect((result as { failure: string }).failure).toContain(path)
  })

  it('and its text is never in the sentence', async () => {
    const privateKey = readFileSync(sshd.keyFile, 'utf8').slice(0, 200)
    const result = (await outcome({ key: { privateKey } })) as { leg: string; failure: string }
    expect(result.leg).toBe('auth')
    expect(result.failure).not.toContain(privateKey.slice(40, 60))
  })
})

describe('the key may come', () => {
  it('as text', async () => {
    expect(await outcome({ key: { privateKey: readFileSync(sshd.keyFile, 'utf8') } })).toBe('connected')
  })

  it('from an agent', async () => {
    const socket = join(folder, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    try {
      await vi.waitFor(() => {
        if (!existsSync(socket)) throw new Error('not yet')
      })
      execFileSync('ssh-add', ['-q', sshd.keyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      })
      expect(await outcome({ key: { agent: socket } })).toBe('connected')
    } finally {
      agent.kill('SIGKILL')
    }
  })

  it('not from an agent that is not there', async () => {
    const result = await outcome({ key: { agent: join(folder, 'no-agent') } })
    expect(result).toMatchObject({ leg: 'auth', failure: expect.stringContaining('no-agent') as string })
  })
})

it('a connection that closes is dead, and takes nothing more', async () => {
  const connected = await connect(destination())
  if (!connected.ok) throw new Error(connected.failure)
  expect(connected.connection.usable).toBe(true)
  sshd.killConnections()
  await vi.waitFor(() => expect(connected.connection.dead).toBe(true))
  expect(connected.connection.usable).toBe(false)
})
