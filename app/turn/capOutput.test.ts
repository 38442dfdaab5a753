import { expect, test } from 'vitest'
import { capOutput } from './capOutput.ts'

test('a short output stays as it is', () => {
  expect(capOutput('x'.repeat(65536))).toEqual({ text: 'x'.repeat(65536), capped: false })
})

test('a long output keeps head and tail and says what is left out', () => {
  const { text, capped } = capOutput(`head${'x'.repeat(100_000)}tail`)
  expect(capped).toBe(true)
  expect(text.startsWith('head')).toBe(true)
  expect(text.endsWith('tail')).toBe(true)
  expect(text).toContain(`${100_008 - 65_536} characters left out`)
})

test('a cut inside a surrogate pair leaves well-formed text', () => {
  expect(capOutput('x' + '😀'.repeat(100_000)).text.isWellFormed()).toBe(true)
})
