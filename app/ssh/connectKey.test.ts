import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { makeKey, publicLine } from '../../test/fakes/sshd.ts'
import { connect } from './connect.ts'

// A file system that hangs, as one over a network does.
vi.mock('./loadKey.ts', () => ({ loadKey: () => new Promise(() => undefined) }))

const folder = mkdtempSync(join(tmpdir(), 'connect-key-'))
const hostKeys = [publicLine(makeKey(folder, 'key', 'ed25519'))]
rmSync(folder, { recursive: true })
const destination = {
  name: 'vm',
  host: '127.0.0.1',
  port: 1,
  user: 'ops',
  hostKeys,
  key: { file: '/away/key' },
}

it('a key that cannot be read in time ends the attempt, at its leg', async () => {
  expect(await connect(destination, { timeoutMs: 20 })).toMatchObject({
    ...{ ok: false, leg: 'auth' },
    failure: expect.stringContaining('could not be read within 0.02 s'),
  })
})

it('cancelling does not wait for the key', async () => {
  const cancel = new AbortController()
  const connected = connect(destination, { signal: cancel.signal })
  cancel.abort()
  expect(await connected).toMatchObject({ ok: false, leg: 'cancelled' })
})
