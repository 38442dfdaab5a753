import { mkdtempSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeKey, publicLine } from '../../test/fakes/sshd.ts'
import { fingerprint, hostKeyAlgorithms, isPinned, parseHostKey } from './hostKey.ts'

describe('host keys', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'host-key-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const key = (line: string) => {
    const parsed = parseHostKey(line)
    if (!parsed) throw new Error(`no key: ${line}`)
    return parsed
  }

  it('have the fingerprint that ssh-keygen prints', () => {
    const file = makeKey(folder, 'a', 'ed25519')
    const printed = execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' })
    expect(printed).toContain(` ${fingerprint(key(publicLine(file)).blob)} `)
  })

  it('count as pinned only when all bytes are the same', () => {
    const pinned = [makeKey(folder, 'b', 'ed25519'), makeKey(folder, 'c', 'ecdsa')].map((file) =>
      key(publicLine(file)),
    )
    for (const { blob } of pinned) expect(isPinned(pinned, Buffer.from(blob))).toBe(true)
    expect(isPinned(pinned, key(publicLine(makeKey(folder, 'd', 'ed25519'))).blob)).toBe(false)
    expect(isPinned(pinned, Buffer.alloc(0))).toBe(false)
    expect(isPinned([], key(publicLine(makeKey(folder, 'e', 'ed25519'))).blob)).toBe(false)
  })

  it('ask the server for their own types only, RSA with SHA-2', () => {
    const pinned = [makeKey(folder, 'f', 'rsa'), makeKey(folder, 'g', 'ecdsa')].map((file) =>
      key(publicLine(file)),
    )
    expect(hostKeyAlgorithms(pinned)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ecdsa-sha2-nistp256'])
  })

  it.each([
    ['nothing', ''],
    ['a type alone', 'ssh-ed25519'],
    ['another type than the key names', 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBqdcmpnduAaOf6'],
    ['an unknown type', 'ssh-dss AAAAB3NzaC1kc3MAAACBAA=='],
    ['no base64', 'ssh-ed25519 ====='],
    ['a property that every object has', 'constructor AAAAC2NvbnN0cnVjdG9y'],
  ])('refuse %s', (_, line) => {
    expect(parseHostKey(line)).toBeNull()
  })

  it('may carry a comment', () => {
    const line = publicLine(makeKey(folder, 'h', 'ed25519'))
    expect(parseHostKey(`${line} root@pve1`)).toEqual(parseHostKey(line))
  })
})
