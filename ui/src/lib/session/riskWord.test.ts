import { expect, test } from 'vitest'
import { riskWord } from './riskWord.ts'

test.each([
  ['low', 'low risk', 'ok'],
  ['medium', 'medium risk', 'warn'],
  ['high', 'high risk', 'crit'],
  ['destructive', 'destructive', 'crit'],
  ['novel', 'novel risk', 'crit'],
])('%s', (risk, words, shape) => {
  expect(riskWord(risk)).toEqual({ words, shape })
})
