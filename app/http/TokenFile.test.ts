import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogger } from '#app/logger.ts'
import { TokenFile } from './TokenFile.ts'
import { createToken, parseTokenLine } from './tokenHash.ts'

let folder: string
let path: string
let told: string
let file: TokenFile
let hash: string
let id: string

async function open(): Promise<TokenFile> {
  const destination = new Writable({
    write(piece: Buffer, _encoding, done) {
      told += piece.toString()
      done()
    },
  })
  return new TokenFile(path, await createLogger({ destination }), 20)
}

/** Writes until it is seen: a change before the first look at the file is none. */
const change = (text: string, seen: () => void): Promise<void> =>
  vi.waitFor(async () => {
    await writeFile(path, text)
    seen()
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-tokens-'))
  path = join(folder, 'tokens')
  told = ''
  hash = (await createToken('phone')).hash
  id = parseTokenLine(hash)?.id ?? ''
  await writeFile(path, `${hash}\n`)
  file = await open()
})
afterEach(async () => {
  file.close()
  await rm(folder, { recursive: true })
})

test.each([
  ['emptied', () => ''],
  ['half written', () => hash.slice(0, -20)],
  ['left with comments alone', () => '# tokens\n'],
])('a file that is %s is reported, and the tokens stay', async (_what, text) => {
  await change(text(), () => expect(told).toMatch(/no token any more: the tokens read before it stay/))
  expect(file.find(id)?.name).toBe('phone')
})

test('after that the file counts again as soon as it holds a token', async () => {
  await change('', () => expect(told).toMatch(/no token any more/))
  const other = (await createToken('laptop')).hash
  await change(`${other}\n`, () => expect(file.find(id)).toBeUndefined())
  expect(file.find(parseTokenLine(other)?.id ?? '')?.name).toBe('laptop')
})

test('a file that never held a token lets nobody in, and says so', async () => {
  await writeFile(path, '')
  const empty = await open()
  expect(empty.find(id)).toBeUndefined()
  expect(told).toMatch(/nobody can sign in/)
  empty.close()
})
