import { expect, test } from 'vitest'
import { plainQuotes } from './plainQuotes.ts'

/** The command with what is only quoting replaced. */
const shown = (command: string): string => {
  const quotes = plainQuotes(command)
  return [...command].map((sign, at) => (quotes.has(at) ? '_' : sign)).join('')
}

test.each([
  ['words that mean the same without', "'rm' '-rf' '/x'", '_rm_ _-rf_ _/x_'],
  ['a word before an operator', "'ls'; 'df' && 'cat'", '_ls_; _df_ && _cat_'],
  ['a word with a space', "'rm' '/a b'", "_rm_ '/a b'"],
  ['a pattern that a shell would expand', "'rm' '*'", "_rm_ '*'"],
  ['a leading tilde', "'ls' '~'", "_ls_ '~'"],
  ['an empty word', "'x' ''", "_x_ ''"],
  ['a quote within a word', "'echo' 'it'\\''s'", "_echo_ 'it'\\''s'"],
  ['quotes within a quoted text', `'echo' "'rm'"`, `_echo_ "'rm'"`],
  ['quotes that end and begin within a text', "'a 'b' c'", "'a 'b' c'"],
  ['a word that would be an assignment', "'A=b'", "'A=b'"],
  ['a number that would name a stream', "'1'>f", "'1'>f"],
  ['part of a word', "a'b'", "a'b'"],
  ['what follows an escaped quote', "\\' 'a'", "\\' _a_"],
  ['a quote that never ends', "'rm' 'x", "_rm_ 'x"],
  ['an empty command', '', ''],
])('%s', (_, command, expected) => {
  expect(shown(command)).toBe(expected)
})
