import type { Line, SimpleCommand } from './readLine.ts'
import type { Piece, PlainWord } from './readWord.ts'

/**
 * Prints a line again so that whatever shell the account has runs exactly the commands and words that were judged:
 * sh, dash, busybox, bash, zsh and fish. Every word is single-quoted (which also keeps aliases and reserved words
 * out), open globs and `~` are left open. For csh and tcsh this does not hold: they have no `2>`, and would take the
 * 2 for an argument.
 */
export function freeze({ commands, operators }: Line): string {
  return commands
    .map((command, index) => {
      const operator = operators[index]
      const after = operator === undefined ? '' : operator === ';' ? '; ' : ` ${operator} `
      return freezeCommand(command) + after
    })
    .join('')
}

export function freezeCommand({ words, redirects }: SimpleCommand): string {
  return [...words.map(freezeWord), ...redirects].join(' ')
}

export function freezeWord({ value, pieces }: PlainWord): string {
  if (pieces.every(({ kind }) => kind === 'plain')) return quote(value)
  const told = pieces.filter(({ text }) => text !== '')
  return told
    .filter((piece, index) => !isStar(piece) || !isStar(told[index - 1]))
    .map(({ kind, text }) => (kind === 'plain' ? text.replace(/[^A-Za-z0-9_/.-]+/g, quote) : text))
    .join('')
}

/** Of two in a row, which sh reads as one, fish and zsh make any number of folders. */
function isStar(piece: Piece | undefined): boolean {
  return piece?.kind === 'glob' && piece.text === '*'
}

/**
 * No `\` stands within the quotes, where fish takes `\'` and `\\` for one character, and no `!`, which csh reads
 * there: both, and `'`, stand behind a backslash outside of them, which all shells read alike.
 */
function quote(text: string): string {
  return text === ''
    ? "''"
    : text.replace(/[^'\\!]+|['\\!]/g, (part) => (/['\\!]/.test(part) ? `\\${part}` : `'${part}'`))
}
