import { expect, test } from 'vitest'
import { KillsUnderWay } from './KillsUnderWay.ts'

test('what must wait for a kill comes after it, and at once where there is none', async () => {
  const kills = new KillsUnderWay()
  const done: string[] = []
  kills.whenOver('gpu1', () => done.push('nothing ran'))
  expect(done).toEqual(['nothing ran'])
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  const answers = [first, second].map(({ promise }) => kills.add('gpu1', promise))
  kills.whenOver('gpu2', () => done.push('another host'))
  kills.whenOver('gpu1', () => done.push('both are over'))
  expect(done).toEqual(['nothing ran', 'another host'])
  first.resolve('killed')
  await answers[0]
  second.reject(new Error('lost'))
  await expect(answers[1]).rejects.toThrow('lost')
  await kills.end()
  await expect.poll(() => done.at(-1)).toBe('both are over')
})
