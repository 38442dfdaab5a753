import { expect, test } from 'vitest'
import { byteSize } from './byteSize.ts'

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KB'],
  [524_288, '512 KB'],
  [1_048_500, '1.0 MB'],
  [5_452_595, '5.2 MB'],
  [104_857_600, '100 MB'],
])('%i bytes are %s', (bytes, words) => {
  expect(byteSize(bytes)).toBe(words)
})
