import { argon2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseTokenFile } from './TokenFile.ts'
import { createToken, parseTokenLine, tokenId, verifyToken, type TokenEntry } from './tokenHash.ts'
import { TokenVerifier } from './TokenVerifier.ts'

async function made(name = 'phone') {
  const { token, hash } = await createToken(name)
  const entry = parseTokenLine(hash)
  if (!entry) throw new Error('the printed line cannot be read')
  return { token, hash, entry }
}

describe('a token', () => {
  test('is known by its line, and no other is', async () => {
    const { token, entry } = await made()
    expect(entry.name).toBe('phone')
    expect(tokenId(token)).toBe(entry.id)
    expect(await verifyToken(entry.phc, token)).toBe(true)
    expect(await verifyToken(entry.phc, (await made()).token)).toBe(false)
  })

  test('cannot be read from its line', async () => {
    const { token, hash } = await made()
    expect(hash).not.toContain(token.split('_')[2])
  })

  test('is known by an Argon2id line too', async () => {
    const { token, entry } = await made()
    const cost = { memory: 1024, passes: 2, parallelism: 1, tagLength: 32, nonce: Buffer.alloc(16, 7) }
    const key = argon2Sync('argon2id', { message: token, ...cost })
    const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
    const phc = `$argon2id$v=19$m=1024,t=2,p=1$${text(cost.nonce)}$${text(key)}`
    expect(parseTokenLine(`phone:${entry.id}:${phc}`)).toEqual({ ...entry, phc })
    expect(await verifyToken(phc, token)).toBe(true)
    expect(await verifyToken(phc, (await made()).token)).toBe(false)
  })

  test('with another secret beside its id is told at once', async () => {
    const { token } = await made()
    const altered = token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA')
    expect(tokenId(altered)).toBeUndefined()
  })
})

const salt = 'A'.repeat(22)
const key = 'A'.repeat(43)
test.each([
  ['nothing', ''],
  ['a token', `bg_0123456789abcdef_${'A'.repeat(43)}`],
  ['no name', `:0123456789abcdef:$scrypt$ln=14,r=8,p=1$${salt}$${key}`],
  ['a name with a space', `a b:0123456789abcdef:$scrypt$ln=14,r=8,p=1$${salt}$${key}`],
  ['a short id', `a:0123:$scrypt$ln=14,r=8,p=1$${salt}$${key}`],
  ['no hash', `a:0123456789abcdef:$scrypt$ln=14,r=8,p=1$${salt}$`],
  ['a short hash', `a:0123456789abcdef:$scrypt$ln=14,r=8,p=1$${salt}$AAAA`],
  ['no salt', `a:0123456789abcdef:$scrypt$ln=14,r=8,p=1$$${key}`],
  ['a cost that takes the machine', `a:0123456789abcdef:$scrypt$ln=30,r=8,p=1$${salt}$${key}`],
  ['no cost', `a:0123456789abcdef:$scrypt$ln=1,r=8,p=1$${salt}$${key}`],
  ['memory that takes the machine', `a:0123456789abcdef:$argon2id$v=19$m=99999999,t=2,p=1$${salt}$${key}`],
  ['another Argon2', `a:0123456789abcdef:$argon2i$v=19$m=1024,t=2,p=1$${salt}$${key}`],
  ['another hash', `a:0123456789abcdef:$2b$12$${salt}${key}`],
  ['a plain password', 'a:hunter2'],
])('a line is malformed: %s', (_what, line) => {
  expect(parseTokenLine(line)).toBeUndefined()
})

test('the file may have comments, blank lines and the prefix that was printed; what is wrong is told by number', async () => {
  const first = await made('a')
  const second = await made('b')
  const text = ['# tokens', '', first.hash, `hash=${second.hash}\r`, 'wrong', first.hash, second.token].join(
    '\n',
  )
  const { entries, malformed } = parseTokenFile(text)
  expect([...entries.values()].map((one) => one.name)).toEqual(['a', 'b'])
  expect(malformed).toEqual([5, 6, 7])
})

describe('verifying', () => {
  function counting(entries: TokenEntry[]) {
    const hashed: string[] = []
    let now = 0
    let atOnce = 0
    let most = 0
    const verifier = new TokenVerifier({
      find: (id) => entries.find((one) => one.id === id),
      rememberMs: 1000,
      now: () => now,
      verify: async (phc, token) => {
        hashed.push(token)
        most = Math.max(most, ++atOnce)
        const right = await verifyToken(phc, token)
        atOnce--
        return right
      },
    })
    return { verifier, hashed, most: () => most, wait: (ms: number) => (now += ms) }
  }

  test('a wrong token is never hashed, however often it comes', async () => {
    const { token, entry } = await made()
    const { verifier, hashed } = counting([entry])
    const stranger = (await made()).token
    const mixed = `bg_${entry.id}_${stranger.split('_').slice(2).join('_')}`
    for (const wrong of [stranger, mixed, `${token} `, '', 'x'.repeat(10_000)])
      for (let again = 0; again < 100; again++) expect(await verifier.entryOf(wrong)).toBeUndefined()
    expect(hashed).toEqual([])
  })

  test('a right token is hashed once for all requests that wait, and not again for a while', async () => {
    const { token, entry } = await made()
    const { verifier, hashed, wait } = counting([entry])
    const found = await Promise.all(Array.from({ length: 50 }, () => verifier.entryOf(token)))
    expect(found.every((one) => one?.name === 'phone')).toBe(true)
    expect(hashed).toHaveLength(1)
    wait(999)
    await verifier.entryOf(token)
    expect(hashed).toHaveLength(1)
    wait(2)
    await verifier.entryOf(token)
    expect(hashed).toHaveLength(2)
  })

  test('one hash runs at a time', async () => {
    const all = await Promise.all([made('a'), made('b'), made('c')])
    const { verifier, hashed, most } = counting(all.map((one) => one.entry))
    const found = await Promise.all(all.map((one) => verifier.entryOf(one.token)))
    expect(found.map((one) => one?.name)).toEqual(['a', 'b', 'c'])
    expect([hashed.length, most()]).toEqual([3, 1])
  })

  test('a token that leaves the file is refused although it is remembered, also while it is hashed', async () => {
    const { token, entry } = await made()
    const entries = [entry]
    const { verifier } = counting(entries)
    expect(await verifier.entryOf(token)).toEqual(entry)
    entries.pop()
    expect(await verifier.entryOf(token)).toBeUndefined()
    const another = await made()
    entries.push(another.entry)
    const waiting = verifier.entryOf(another.token)
    entries.pop()
    expect(await waiting).toBeUndefined()
  })

  test('a line with the same id and another hash does not take what the old one took', async () => {
    const { token, entry } = await made()
    const entries = [entry]
    const { verifier } = counting(entries)
    expect(await verifier.entryOf(token)).toEqual(entry)
    entries[0] = { ...entry, phc: (await made()).entry.phc }
    expect(await verifier.entryOf(token)).toBeUndefined()
  })
})
