import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainText, visibleText } from './visibleText.ts'

const shown = (text: string): string =>
  visibleText(text)
    .map((piece) => piece.text)
    .join('')

test.each([
  ['an ordinary command', "sudo -n systemctl restart 'nginx'", "sudo -n systemctl restart 'nginx'"],
  ['two spaces', 'rm  -r x', 'rm··-r x'],
  ['a space at the end', 'ls ', 'ls·'],
  ['a tab', 'a\tb', 'a⇥b'],
  ['a second line', 'a\nrm b', 'a⏎\nrm b'],
  ['a carriage return', 'rm b\rls a', 'rm b⟨U+000D⟩ls a'],
  ['an override of direction', 'ls \u202Eba', 'ls·⟨U+202E⟩ba'.replace('·', ' ')],
  ['a space of no width', 'ls\u200B-a', 'ls⟨U+200B⟩-a'],
  ['a space that is none', 'ls\u00A0-a', 'ls⟨U+00A0⟩-a'],
  ['a tag of no shape', 'ls\u{E0041}', 'ls⟨U+E0041⟩'],
  ['letters of other tongues', 'cat größe 日本', 'cat größe 日本'],
])('%s', (_, text, expected) => {
  expect(shown(text)).toBe(expected)
})

test('what is only heard has nothing that turns it', () => {
  expect(plainText('“a\u202Egnp.exe” is\nold ')).toBe('“a gnp.exe” is old')
})

test('each piece tells where it begins', () => {
  expect(visibleText('a  b\tc').map(({ from }) => from)).toEqual([0, 1, 3, 4, 5])
})

test('what is not marked is the text itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '\u202E', 'é') }), (text) => {
      const unmarked = visibleText(text).map(({ text: piece, mark }) => (mark ? '' : piece))
      expect(unmarked.join('').replaceAll(' ', '')).toBe(text.replace(/[^aé]/g, ''))
    }),
  )
})
