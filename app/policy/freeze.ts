import type { Line, SimpleCommand } from './readLine.ts'
import type { PlainWord } from './readWord.ts'

/**
 * Prints a line again so that sh, dash, busybox and bash run exactly the commands and words that were judged:
 * every word single-quoted (which also keeps aliases and reserved words out), open globs and `~` left open.
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
  return pieces
    .map(({ kind, text }) => (kind === 'plain' ? text.replace(/[^A-Za-z0-9_/.-]+/g, quote) : text))
    .join('')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
