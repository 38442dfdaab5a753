import { expect, test } from 'vitest'
import { GatheredDocuments, type Change } from './GatheredDocuments.ts'

function kit() {
  const written: string[] = []
  const state = { away: false }
  const store = {
    async write(changes: Change[]) {
      if (state.away) throw new Error('the disk is full')
      written.push(...changes.map(({ name, text }) => `${name} ${text}`))
    },
    read: async () => new Map<string, string>(),
  }
  const logger = { info: () => undefined, warn: () => undefined }
  return { written, state, documents: new GatheredDocuments(store, logger, 5) }
}

test('what may not be written yet waits, and holds up nothing else', async () => {
  const { written, documents } = kit()
  let confirmed = false
  documents.put('host', 'a', 'mine?', () => confirmed)
  for (let i = 0; i < 250; i++) documents.put('host', `b${i}`, 'mine')
  await documents.flush()
  expect(written).toHaveLength(250)
  expect(await documents.read('host', ['a'])).toEqual(new Map([['a', 'mine?']]))
  confirmed = true
  await expect.poll(() => written.at(-1)).toBe('a mine?')
  await documents.close()
})

test('what has another writer now is not written any more', async () => {
  const { written, state, documents } = kit()
  state.away = true
  documents.put('host', 'a', 'old')
  documents.put('host', 'b', 'mine')
  await expect(documents.flush()).rejects.toMatchObject({
    code: 'log_unavailable',
    message: 'It cannot be written down: the disk is full.',
  })
  documents.discard('host', 'a')
  state.away = false
  await documents.flush()
  expect(written).toEqual(['b mine'])
  await documents.close()
})
